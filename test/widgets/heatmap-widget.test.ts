import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Heatmap } from "../../src/report/heatmap.js";
import type { ViewSnapshot } from "../../src/report/heatmap-state.js";
import { launchChromium, noChromium } from "../browser/chromium.js";
import { widgetsBuild } from "./install-widgets.js";
import type { Host } from "./manager-page.js";
import { sampleLatentExamples } from "./sample-examples.js";

declare const host: Host;

const pageScript = fileURLToPath(new URL("manager-page.ts", import.meta.url));

function snapshotOf(seed: number): ViewSnapshot {
  return new Heatmap(sampleLatentExamples({ seed, perQuantile: 4, quantiles: 3 })).snapshot();
}

describe.skipIf(noChromium)(`heatmap under the widget manager of Jupyter${noChromium}`, () => {
  let browser: Browser;
  let page: Page;
  let script: string;
  let errors: string[];

  beforeAll(async () => {
    const { bundle } = await widgetsBuild();
    script = await bundle("", { entryPoints: [pageScript], minify: false });
    browser = await launchChromium();
  }, 60_000);

  beforeEach(async () => {
    page = await browser.newPage();
    errors = [];
    page.on("pageerror", (error) => errors.push(`${error}`));
    await page.setContent("<!doctype html><body>");
    await page.addScriptTag({ content: script });
  });

  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });

  afterAll(() => browser?.close());

  const roots = () => page.locator(".saelab[data-state=ready]");
  const checked = (value: string) =>
    page.locator(`[data-value="${value}"]`).evaluateAll((all) => all.map((one) => one.ariaChecked));

  test("sends a choice of the reader as one trait, without the windows", async () => {
    await page.evaluate(async (snapshot) => {
      const manager = new host.Manager();
      await manager.show(await manager.open("a", host.liveState(snapshot)));
      Reflect.set(window, "manager", manager);
    }, snapshotOf(1));
    await roots().waitFor();
    await page.click('[data-control="align"] [data-value="peak"]');
    await page.click('[data-control="scale"] [data-value="log"]');
    await page.waitForTimeout(100);
    const sent = await page.evaluate(() => Reflect.get(window, "manager").comms.get("a").sent);
    expect(sent).toEqual([
      { data: { method: "update", state: { align: "peak" }, buffer_paths: [] }, buffers: 0 },
      { data: { method: "update", state: { scale: "log" }, buffer_paths: [] }, buffers: 0 },
    ]);
  });

  test("keeps two views of one model in step, and follows the kernel", async () => {
    await page.evaluate(async (snapshot) => {
      const manager = new host.Manager();
      const model = await manager.open("a", host.liveState(snapshot));
      await manager.show(model);
      await manager.show(model);
      Reflect.set(window, "comm", manager.comms.get("a"));
    }, snapshotOf(1));
    await roots().nth(1).waitFor();
    await page.locator('[data-control="align"] [data-value="peak"]').first().click();
    expect(await checked("peak")).toEqual(["true", "true"]);
    await page.evaluate(() => Reflect.get(window, "comm").receive({ group: "2", explanation: "the sea" }));
    await page.getByText("the sea").nth(1).waitFor();
    expect(await checked("2")).toEqual(["true", "true"]);
    expect(await page.locator(".saelab-group").count()).toBe(2);
  });

  test("paints new windows that the kernel sends", async () => {
    const [one, two] = [snapshotOf(1), snapshotOf(2)];
    await page.evaluate(
      async ([one, two]) => {
        const manager = new host.Manager();
        const model = await manager.open("a", host.liveState(one as ViewSnapshot));
        await manager.show(model);
        Reflect.set(window, "next", () => model.set("page", host.bytes((two as ViewSnapshot).page)));
      },
      [one, two],
    );
    await roots().waitFor();
    const text = () => page.locator(".saelab-text").first().textContent();
    const before = await text();
    await page.evaluate(() => Reflect.get(window, "next")());
    expect(await text()).not.toBe(before);
  });

  test("is whole again from the state that a notebook saves", async () => {
    await page.evaluate(async (snapshot) => {
      const first = new host.Manager();
      await first.open("a", host.liveState(snapshot));
      const saved = JSON.parse(JSON.stringify(await first.get_state({ drop_defaults: true })));
      const second = new host.Manager();
      const models = await second.set_state(saved);
      const model = models.find(({ model_id }) => model_id === "a");
      await second.show(model as Parameters<typeof second.show>[0]);
    }, snapshotOf(1));
    await roots().waitFor();
    expect(await page.locator(".saelab-line").count()).toBeGreaterThan(10);
  });

  test("leaves no callback on the model when a view goes", async () => {
    const counts = await page.evaluate(async (snapshot) => {
      const manager = new host.Manager();
      const model = await manager.open("a", host.liveState(snapshot));
      const before = host.listeners(model);
      const view = await manager.show(model);
      const during = host.listeners(model);
      view.remove();
      return [before, during, host.listeners(model)];
    }, snapshotOf(1));
    const [before = 0, during = 0, after] = counts;
    expect(during).toBeGreaterThan(before);
    expect(after).toBe(before);
  });

  test("takes the place of its picture when it comes, and gives it back with its choices when it goes", async () => {
    await page.evaluate((snapshot) => {
      host.picture({ ...snapshot, model_id: "a" });
      Reflect.set(window, "live", async () => {
        const manager = new host.Manager();
        await manager.open("a", host.liveState(snapshot));
        Reflect.set(window, "comm", manager.comms.get("a"));
      });
    }, snapshotOf(1));
    const saved = page.locator(".saelab[data-state=ready] .saelab-saved");
    await saved.waitFor();
    await page.evaluate(() => Reflect.get(window, "live")());
    await saved.waitFor({ state: "detached" });
    await roots().waitFor();
    await page.click('[data-control="scale"] [data-value="log"]');
    await page.evaluate(() => Reflect.get(window, "comm").close());
    await saved.waitFor();
    expect(await checked("log")).toEqual(["true"]);
    expect(await roots().count()).toBe(1);
  });

  test("says in a sentence that a picture is of a later version", async () => {
    await page.evaluate((snapshot) => void host.picture({ ...snapshot, v: 2 as never }), snapshotOf(1));
    await page.getByText("wanted a heatmap of version 1; update saelab").waitFor();
  });
});
