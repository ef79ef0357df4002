import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import type { LatentExamples } from "../../src/examples/example.js";
import { heatmap } from "../../src/report/heatmap.js";
import { type HeatmapFigureOptions, heatmapFigure } from "../../src/report/heatmap-static.js";
import { launchChromium, noChromium } from "../browser/chromium.js";
import { artifacts } from "../browser/lab-page.js";
import { widgetsBuild } from "./install-widgets.js";
import { sampleLatentExamples } from "./sample-examples.js";

describe.skipIf(noChromium)(`heatmap on a static page${noChromium}`, () => {
  let browser: Browser;
  let script: string;
  let page: Page;
  let requests: string[];
  let errors: string[];

  beforeAll(async () => {
    await mkdir(join(artifacts, "heatmap"), { recursive: true });
    script = await (await widgetsBuild()).bundle("hosts/html.ts");
    browser = await launchChromium();
  }, 60_000);

  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
  });

  afterAll(() => browser?.close());

  /** Opens a page with one figure, without any network. */
  async function open(
    examples: LatentExamples,
    options: HeatmapFigureOptions & { background?: string; width?: number } = {},
  ): Promise<Locator> {
    const { background = "#ffffff", width = 960 } = options;
    page = await browser.newPage({ viewport: { width, height: 700 } });
    requests = [];
    errors = [];
    page.on("pageerror", (error) => errors.push(`${error}`));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.route(/./, (route) => {
      requests.push(route.request().url());
      return route.abort();
    });
    const figure = heatmapFigure(examples, options);
    const style = `margin:12px;background:${background};color:${background === "#ffffff" ? "#000" : "#eee"}`;
    await page.setContent(
      `<!doctype html><body style="${style}">${figure}<script>${script.replaceAll("</script", "<\\/script")}</script>`,
    );
    const root = page.locator(".saelab[data-state=ready]");
    await root.waitFor();
    return root;
  }

  const shot = (name: string) => page.screenshot({ path: join(artifacts, "heatmap", `${name}.png`) });
  const choose = (control: string, value: string) =>
    page.locator(`[data-control="${control}"] [data-value="${value}"]`).click();
  const cursor = () => page.locator(".saelab-cursor");
  const tip = () => page.locator(".saelab-tip");

  test("takes the place of the plain picture, with name, facts and legend", async () => {
    const root = await open(sampleLatentExamples(), {
      explanation: "words about the weather",
      traits: ["positional"],
    });
    expect(await page.locator("figure mark").count()).toBe(0);
    const text = (await root.textContent()) ?? "";
    for (const part of [
      "layers.2:17",
      "words about the weather",
      "positional",
      "0.24 %",
      "1,204 windows",
      "max 12.3",
    ])
      expect(text).toContain(part);
    expect(await root.locator(".saelab-ticks").textContent()).toBe("06.1612.3");
    expect(await root.locator(".saelab-saved").count()).toBe(0);
    await shot("light");
  });

  test("is painted in an output of VS Code, which runs the scripts of HTML on a page that is long open", async () => {
    vi.stubEnv("VSCODE_ESM_ENTRYPOINT", "vs/workbench/api/node/extensionHostProcess");
    const bundle = await heatmap(sampleLatentExamples(), { explanation: "weather" })[jupyterDisplay]();
    vi.unstubAllEnvs();
    await open(sampleLatentExamples(), { explanation: "another output" });
    await page.evaluate((output) => {
      const container = document.body.appendChild(document.createElement("div"));
      container.innerHTML = output;
      for (const { text, type } of container.getElementsByTagName("script"))
        container.appendChild(Object.assign(document.createElement("script"), { text, type })).remove();
    }, String(bundle["text/html"]));
    const root = page.locator(".saelab[data-state=ready]").filter({ hasText: "weather" });
    await root.waitFor();
    await root.locator("[data-control=align] [data-value=peak]").click();
    expect(await root.locator(".saelab-before").count()).toBeGreaterThan(5);
    expect(await page.locator("figure mark").count()).toBe(0);
    for (const [kind, theme] of [
      ["vscode-dark", "dark"],
      ["vscode-high-contrast-light", "light"],
      ["vscode-high-contrast", "dark"],
    ]) {
      await page.evaluate((told) => document.body.setAttribute("data-vscode-theme-kind", String(told)), kind);
      await page.locator(`.saelab[data-theme=${theme}]`).filter({ hasText: "weather" }).waitFor();
    }
    const colours = "--jp-layout-color0:white;--vscode-editor-background:rgb(31, 31, 31)";
    await page.evaluate((style) => document.documentElement.setAttribute("style", style), colours);
    expect(await root.evaluate((el) => getComputedStyle(el).backgroundColor)).toBe("rgb(31, 31, 31)");
  });

  test("holds at most 1,000 elements for 1,000 windows of 32 tokens, wherever it is scrolled", async () => {
    const examples = sampleLatentExamples({ perQuantile: 60, nonActivating: 400, windowLength: 32 });
    const root = await open(examples, { maxBytes: Number.POSITIVE_INFINITY });
    const grid = root.locator(".saelab-grid");
    const elements = () => root.evaluate((el) => el.querySelectorAll("*").length);
    expect(await grid.getAttribute("aria-rowcount")).toBe("1011");
    expect(await elements()).toBeLessThanOrEqual(1000);
    for (const share of [0.3, 0.7, 1]) {
      await grid.evaluate((el, s) => {
        el.scrollTop = (el.scrollHeight - el.clientHeight) * s;
      }, share);
      await page.waitForTimeout(50);
      expect(await elements()).toBeLessThanOrEqual(1000);
      expect(await visibleLines()).toBeGreaterThan(15);
    }
    const last = await root.locator(".saelab-line").last().getAttribute("aria-rowindex");
    expect(last).toBe("1011");
  });

  async function visibleLines(): Promise<number> {
    return page.locator(".saelab-grid").evaluate((grid) => {
      const box = grid.getBoundingClientRect();
      return Array.from(grid.querySelectorAll(".saelab-line")).filter((line) => {
        const { top, bottom } = line.getBoundingClientRect();
        return bottom > box.top && top < box.bottom;
      }).length;
    });
  }

  test("draws every token of a window, and nothing of it as markup", async () => {
    const examples = sampleLatentExamples({ perQuantile: 2, quantiles: 1, nonActivating: 0 });
    const [first] = examples.train;
    if (!first) throw new Error("no example");
    const pieces = first.pieces.map((piece, i) => (i === 3 ? "<img src=x>" : i === 4 ? "\n" : piece));
    const root = await open({ ...examples, train: [{ ...first, pieces }], test: [] });
    const drawn = await root.locator(".saelab-text").first().textContent();
    expect(drawn).toBe(pieces.join("").replaceAll("\n", "↵"));
    expect(await root.locator("img").count()).toBe(0);
    await choose("glyphs", "off");
    expect(await root.locator(".saelab-text").first().textContent()).toBe(
      pieces.join("").replaceAll("\n", " "),
    );
    await choose("glyphs", "all");
    expect(await root.locator(".saelab-text").first().textContent()).toBe(
      pieces.join("").replaceAll("\n", "↵").replaceAll(" ", "·"),
    );
  });

  test("names the token under the pointer, inside a run too, and marks its value on the legend", async () => {
    const examples = sampleLatentExamples({ perQuantile: 2, quantiles: 1, nonActivating: 0 });
    const root = await open(examples);
    const run = root
      .locator(".saelab-run")
      .filter({ hasText: /\w+ \w+ \w+/ })
      .first();
    const line = Number(await run.locator("xpath=../..").getAttribute("aria-rowindex")) - 2;
    const shown = [...examples.train, ...examples.test].sort((a, b) => b.peak - a.peak)[line];
    const start = Number(await run.getAttribute("data-start"));
    const token = start + 1;
    const box = await run.evaluate(
      (el, [from, to]) => {
        const range = document.createRange();
        range.setStart(el.firstChild as Node, from as number);
        range.setEnd(el.firstChild as Node, to as number);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      },
      offsets(shown?.pieces ?? [], start, token),
    );
    await page.mouse.move(box.x, box.y);
    await tip().waitFor({ state: "visible" });
    const text = (await tip().textContent()) ?? "";
    expect(text).toContain(shown?.pieces[token]?.replaceAll(" ", "·"));
    expect(text).toContain(`token${shown?.tokens[token]}`);
    expect(text).toContain(`position${(shown?.start ?? 0) + token} of context ${shown?.context}`);
    expect(await page.locator(".saelab-tip").count()).toBe(1);

    await root.locator(".saelab-strongest").first().hover();
    expect(await tip().textContent()).toContain("12.3 · 100 % of max");
    expect(await root.locator(".saelab-mark").textContent()).toBe("12.3");
    await shot("tooltip");
    await page.mouse.move(2, 2);
    await tip().waitFor({ state: "hidden" });
    expect(await root.locator(".saelab-mark").isVisible()).toBe(false);
  });

  /** Where a token of a run begins and ends in the run's text. */
  function offsets(pieces: readonly string[], start: number, token: number): [number, number] {
    const before = pieces.slice(start, token).join("").length;
    return [before, before + (pieces[token]?.length ?? 0)];
  }

  test("puts the strongest tokens into one column when aligned on the peak", async () => {
    const root = await open(sampleLatentExamples());
    const lefts = () =>
      root
        .locator(".saelab-strongest")
        .evaluateAll((runs) => [...new Set(runs.map((run) => Math.round(run.getBoundingClientRect().left)))]);
    expect((await lefts()).length).toBeGreaterThan(5);
    await choose("align", "peak");
    const [left = 0, ...others] = await lefts();
    expect(others).toEqual([]);
    expect(left).toBeGreaterThan(200);
    expect(left).toBeLessThan(700);
    await shot("peak");
    await choose("align", "left");
    expect((await lefts()).length).toBeGreaterThan(5);
  });

  test("lifts weak activations on the log scale, and the legend says so", async () => {
    const root = await open(sampleLatentExamples({ quantiles: 10 }));
    await choose("group", "8");
    const steps = () =>
      root
        .locator(".saelab-run")
        .evaluateAll((runs) =>
          runs.map((run) => Number(/\bs(\d+)\b/.exec(run.className)?.[1] ?? 0)).filter((step) => step > 0),
        );
    const linear = Math.max(...(await steps()));
    await choose("scale", "log");
    expect(Math.max(...(await steps()))).toBeGreaterThan(linear);
    expect(await root.locator(".saelab-ticks").textContent()).toBe("02.9612.3");
  });

  test("shows one group, and what does not fire", async () => {
    const root = await open(sampleLatentExamples({ nonActivating: 7 }));
    await choose("group", "3");
    expect(await root.locator(".saelab-grid").getAttribute("aria-rowcount")).toBe("11");
    expect(await root.locator(".saelab-group").allTextContents()).toEqual([
      expect.stringContaining("quantile 3"),
    ]);
    await choose("group", "non-activating");
    expect(await root.locator(".saelab-line").count()).toBe(8);
    expect(await root.locator(".saelab-run[class*=' s']").count()).toBe(0);
    await choose("group", "all");
    expect(await root.locator(".saelab-grid").getAttribute("aria-rowcount")).toBe("118");
  });

  test("is walked with the keyboard alone, and keeps its place however far it is scrolled", async () => {
    const root = await open(sampleLatentExamples());
    const grid = root.locator(".saelab-grid");
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-value"));
    expect(await focused()).toBe("all");
    await page.keyboard.press("ArrowRight");
    expect(await focused()).toBe("0");
    await page.keyboard.press("ArrowLeft");
    for (let i = 0; i < 4; i++) await page.keyboard.press("Tab");
    expect(await grid.evaluate((el) => el === document.activeElement)).toBe(true);
    expect(await grid.getAttribute("aria-activedescendant")).toBe(await cursor().getAttribute("id"));
    expect(await cursor().getAttribute("aria-label")).toMatch(/, activation 12\.3 of 12\.3$/);
    await tip().waitFor({ state: "visible" });

    await page.keyboard.press("ArrowDown");
    expect(await rowOfCursor()).toBe("3");
    await page.keyboard.press("Control+End");
    expect(await rowOfCursor()).toBe(await grid.getAttribute("aria-rowcount"));
    await expectCursorInside();
    await page.keyboard.press("Control+Home");
    expect(await rowOfCursor()).toBe("2");
    await grid.evaluate((el) => {
      el.scrollTop = 1500;
    });
    await page.waitForTimeout(50);
    expect(await rowOfCursor()).toBe("2");
    await page.keyboard.press("ArrowRight");
    await expectCursorInside();
    await shot("keyboard");

    await page.keyboard.press("Enter");
    await page.mouse.move(300, 400);
    expect(await tip().isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await tip().isVisible()).toBe(false);
    await page.keyboard.press("Escape");
    expect(await grid.evaluate((el) => el === document.activeElement)).toBe(false);
  });

  const rowOfCursor = () => cursor().locator("xpath=ancestor::*[@role='row']").getAttribute("aria-rowindex");

  async function expectCursorInside(): Promise<void> {
    const inside = await cursor().evaluate((el) => {
      const box = el.getBoundingClientRect();
      const grid = el.closest(".saelab-grid")?.getBoundingClientRect() as DOMRect;
      return (
        box.top >= grid.top && box.bottom <= grid.bottom && box.left >= grid.left && box.right <= grid.right
      );
    });
    expect(inside).toBe(true);
  }

  test("is dark on a dark page, and needs no sideways scrolling of the page when it is narrow", async () => {
    const root = await open(sampleLatentExamples(), { background: "#111111", width: 340 });
    expect(await root.getAttribute("data-theme")).toBe("dark");
    const [page_, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(page_).toBeLessThanOrEqual(view as number);
    await shot("dark-narrow");
  });
});
