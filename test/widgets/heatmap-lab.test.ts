import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { heatmap } from "../../src/report/heatmap.js";
import { launchChromium, noChromium } from "../browser/chromium.js";
import { type JupyterServer, noJupyter, startJupyter } from "../browser/jupyter-server.js";
import { type LabPage, openNotebook } from "../browser/lab-page.js";
import { installSaelab, liveNotebook, noKernel } from "../browser/live-notebook.js";
import { sampleLatentExamples } from "./sample-examples.js";

/** A notebook as it is on disk after the live session is over: the widget's model is nowhere. */
async function savedNotebook(path: string): Promise<void> {
  const bundle = await heatmap(sampleLatentExamples(), { explanation: "words about the weather" })[
    jupyterDisplay
  ]();
  const widget = { version_major: 2, version_minor: 0, model_id: "0123456789abcdef0123456789abcdef" };
  const data = { ...bundle, "application/vnd.jupyter.widget-view+json": widget };
  const output = { output_type: "execute_result", execution_count: 1, metadata: {}, data };
  const cell = {
    id: "one",
    cell_type: "code",
    execution_count: 1,
    metadata: {},
    source: "heatmap(examples)",
    outputs: [output],
  };
  await writeFile(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] }));
}

/** Runs a check on an open notebook; a failure keeps a picture and says what the console said. */
async function watched(lab: LabPage, name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
    await lab.screenshot(`heatmap/lab-${name}.png`);
    expect(lab.errors).toEqual([]);
    expect(lab.foreignRequests).toEqual([]);
  } catch (error) {
    await lab.screenshot(`heatmap/lab-${name}-failed.png`);
    throw new Error(`${error}\nconsole: ${lab.errors.join("\n")}`, { cause: error });
  } finally {
    await lab.close();
  }
}

describe.skipIf(noChromium || noJupyter)(`heatmap in JupyterLab${noChromium}${noJupyter}`, () => {
  let server: JupyterServer;
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "saelab-lab-"));
    await savedNotebook(join(directory, "saved.ipynb"));
    await savedNotebook(join(directory, "trusted.ipynb"));
    await liveNotebook(directory);
    const starting = startJupyter({ directory, prepare: installSaelab });
    [server, browser] = await Promise.all([starting, launchChromium()]);
    await server.trust("trusted.ipynb");
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test.each([
    ["not trusted", "saved.ipynb"],
    ["trusted", "trusted.ipynb"],
  ])(
    "paints the saved picture of a notebook that is %s, with no kernel",
    async (_trust, path) => {
      const lab = await openNotebook(browser, server, { path, kernel: false });
      await watched(lab, path.replace(".ipynb", ""), async () => {
        const output = lab.output(0);
        await output.locator(".saelab[data-state=ready]").waitFor();
        expect(await output.locator(".saelab-saved").count()).toBe(1);
        expect(await output.locator(".saelab-line").count()).toBeGreaterThan(10);
        expect(await output.textContent()).not.toContain("Error displaying widget");
        await output.locator("[data-control=align] [data-value=peak]").click();
        expect(await output.locator(".saelab-before").count()).toBeGreaterThan(5);
      });
    },
    90_000,
  );

  test("follows JupyterLab's theme while it is open", async () => {
    const lab = await openNotebook(browser, server, { path: "saved.ipynb", kernel: false });
    await watched(lab, "theme", async () => {
      const view = lab.output(0).locator(".saelab[data-state=ready]");
      await view.waitFor();
      expect(await view.getAttribute("data-theme")).toBe("light");
      await lab.command("apputils:change-theme", { theme: "JupyterLab Dark" });
      await lab.page.waitForSelector("#jupyterlab-splash", { state: "detached" });
      await lab.output(0).locator(".saelab[data-theme=dark]").waitFor();
      const paper = await view.evaluate((el) => getComputedStyle(el).backgroundColor);
      expect(paper).not.toBe("rgb(255, 255, 255)");
      await lab.screenshot("heatmap/lab-dark.png");
      await lab.command("apputils:change-theme", { theme: "JupyterLab Light" });
      await lab.output(0).locator(".saelab[data-theme=light]").waitFor();
    });
  }, 90_000);

  test("leaves a sanitised picture, shades and values included, where our extension is missing", async () => {
    const plain = await startJupyter({ directory });
    try {
      const lab = await openNotebook(browser, plain, { path: "saved.ipynb", kernel: false });
      await watched(lab, "without-extension", async () => {
        const mark = lab.output(0).locator("mark[style*=background][title]");
        await mark.first().waitFor();
        expect(await mark.count()).toBeGreaterThan(20);
      });
    } finally {
      await plain.stop();
    }
  }, 90_000);

  test.skipIf(noKernel)(
    `is live with our kernel, over a reload, until the kernel restarts${noKernel}`,
    async () => {
      const lab = await openNotebook(browser, server, { path: "live.ipynb" });
      await watched(lab, "live", async () => {
        const output = lab.output(0);
        const choice = (control: string, value: string) =>
          output.locator(`[data-control="${control}"] [data-value="${value}"]`);
        await lab.runAll();
        await output.locator(".saelab[data-state=ready]").waitFor();
        expect(await output.locator(".saelab-saved").count()).toBe(0);

        await choice("align", "peak").click();
        await lab.runCell(1, "map.state.align");
        expect(await lab.output(1).textContent()).toContain("peak");

        await lab.runCell(2, 'map.set({ scale: "log" })');
        await output.locator("[data-control=scale] [data-value=log][aria-checked=true]").waitFor();
        await choice("group", "0").click();
        await lab.runCell(1, "map.state.group");
        expect(await lab.output(1).textContent()).toContain("0");

        await output.locator(".saelab-grid").focus();
        for (const key of ["a", "b", "j", "Enter", "ArrowDown"]) await lab.page.keyboard.press(key);
        await choice("align", "left").focus();
        for (const key of ["a", "b", "j"]) await lab.page.keyboard.press(key);
        expect(await lab.page.locator(".jp-Notebook .jp-CodeCell").count()).toBe(3);
        await output.locator(".saelab-grid").focus();
        await lab.screenshot("heatmap/lab-live-keyboard.png");

        await lab.command("docmanager:save");
        await lab.page.reload();
        await output.locator(".saelab[data-state=ready]:not(:has(.saelab-saved))").waitFor();
        expect(await choice("scale", "log").getAttribute("aria-checked")).toBe("true");

        await lab.page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()");
        await output.locator(".saelab[data-state=ready] .saelab-saved").waitFor();
        expect(await choice("scale", "log").getAttribute("aria-checked")).toBe("true");
      });
    },
    120_000,
  );

  test.skipIf(noKernel)(
    `says what is wrong when a widget sends more than the server takes${noKernel}`,
    async () => {
      const lab = await openNotebook(browser, server, { path: "live.ipynb" });
      const kernel = "jupyterapp.shell.currentWidget.sessionContext.session.kernel";
      await lab.page.evaluate(`${kernel}.createComm("nobody").open({ text: "x".repeat(9e6) })`);
      const refused = lab.page.getByText(/Cannot send \d+\.\d MB to the kernel/);
      expect(await refused.count()).toBe(0);
      const buffer = "new Uint8Array(12e6)";
      await lab.page.evaluate(`${kernel}.createComm("nobody").open({}, undefined, [${buffer}.buffer])`);
      await refused.first().waitFor();
      expect(await refused.first().textContent()).toMatch(/Cannot send 11\.4 MB .* takes 10 MB at once/);
      await lab.screenshot("message-limit.png");
      await lab.runAll();
      await lab.close();
    },
    90_000,
  );
});
