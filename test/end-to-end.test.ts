/**
 * What a user does, in a real browser: open the notebook in JupyterLab, run it, look at it, close it,
 * and open it again without a kernel. Pictures are kept in `artifacts/`.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, noChromium } from "./browser/chromium.js";
import { type JupyterServer, noJupyter, startJupyter } from "./browser/jupyter-server.js";
import { type LabPage, openNotebook } from "./browser/lab-page.js";

const installed = process.env.JUPYTER_PATH ? "" : " (needs the installed kernel: run npm test)";
const missing = noChromium || noJupyter || installed;
const notebook = "01-one-latent.ipynb";

describe.skipIf(missing)(`notebooks/${notebook} in JupyterLab${missing}`, () => {
  let folder: string;
  let server: JupyterServer;
  let browser: Browser;
  let lab: LabPage;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-lab-"));
    await cp(join(import.meta.dirname, "..", "notebooks", notebook), join(folder, notebook));
    const env = { JUPYTER_PATH: process.env.JUPYTER_PATH ?? "" };
    [server, browser] = await Promise.all([startJupyter({ directory: folder, env }), launchChromium()]);
    lab = await openNotebook(browser, server, { path: notebook, height: 1000 });
    await lab.runAll({ timeout: 240_000 });
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("shows the heatmap, live and shaded", async () => {
    const heatmap = lab.page.locator('[data-state="ready"]').first();
    await heatmap.scrollIntoViewIfNeeded();
    expect(await heatmap.isVisible()).toBe(true);
    expect(await heatmap.getByRole("gridcell").count()).toBeGreaterThan(10);
    await lab.screenshot("end-to-end/heatmap.png");
  });

  it("shows the score table and the charts", async () => {
    const heading = lab.page.getByRole("columnheader", { name: "explanation", exact: true });
    const table = lab.page.locator(".jp-OutputArea table").filter({ has: heading });
    await table.scrollIntoViewIfNeeded();
    expect(await table.locator("tbody tr").count()).toBe(20);
    await lab.screenshot("end-to-end/scores.png");
    const charts = lab.page.locator(".jp-OutputArea .vega-embed svg.marks");
    await charts.last().scrollIntoViewIfNeeded();
    expect(await charts.count()).toBe(2);
    expect((await charts.last().boundingBox())?.width).toBeGreaterThan(300);
    await lab.screenshot("end-to-end/charts.png");
  });

  it("writes no error to the console, and asks nothing of any other host", () => {
    expect(lab.errors).toEqual([]);
    expect(lab.foreignRequests).toEqual([]);
  });

  it("changes the heatmap when a control is used, and the kernel knows", async () => {
    const heatmap = lab.page.locator('[data-state="ready"]').first();
    await heatmap.scrollIntoViewIfNeeded();
    await heatmap.locator("[data-control=align] [data-value=peak]").click();
    const lastCode = (await lab.page.locator(".jp-Notebook .jp-Cell").count()) - 2;
    await lab.runCell(lastCode, "shown.state.align");
    expect(await lab.output(lastCode).textContent()).toContain("peak");
  });
});
