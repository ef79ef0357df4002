/** The debugger in a real JupyterLab: a breakpoint set by a click, the stop, the variables. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernel } from "../../kernel/src/kernelspec.js";
import { launchChromium, noChromium } from "../browser/chromium.js";
import { type JupyterServer, noJupyter, startJupyter } from "../browser/jupyter-server.js";
import { type LabPage, openNotebook } from "../browser/lab-page.js";

const missing = noChromium || noJupyter;
const source = "function grow(x: number) {\n  const y = x * 3\n  return y\n}\ngrow(14)";

describe.skipIf(missing)(`the debugger in JupyterLab${missing}`, () => {
  let folder: string;
  let server: JupyterServer;
  let browser: Browser;
  let lab: LabPage;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-debugger-"));
    const kernelspec = { name: "saelab", display_name: "TypeScript (saelab)", language: "typescript" };
    const cell = { cell_type: "code", id: "a", source, metadata: {}, outputs: [], execution_count: null };
    const notebook = { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells: [cell] };
    await writeFile(join(folder, "debug.ipynb"), JSON.stringify(notebook));
    const prepare = async (data: string) => void installKernel(data);
    [server, browser] = await Promise.all([startJupyter({ directory: folder, prepare }), launchChromium()]);
    lab = await openNotebook(browser, server, { path: "debug.ipynb", width: 1500 });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("stops at a breakpoint that was clicked, shows the variables, and goes on", async () => {
    const { page } = lab;
    await page
      .locator(
        ".jp-DebuggerBugButton, [data-jp-item-name=debugger-icon] button, jp-button.jp-DebuggerBugButton",
      )
      .first()
      .click();
    await page.locator(".cm-breakpoint-gutter").first().waitFor();
    const breakpoint = page.locator(".jp-DebuggerBreakpoints .jp-DebuggerBreakpoint").first();
    // The margin is there a moment before it takes clicks.
    while (!(await breakpoint.isVisible())) {
      await page.locator(".cm-breakpoint-gutter .cm-gutterElement").nth(3).click();
      await breakpoint.waitFor({ timeout: 5000 }).catch(() => {});
    }
    await lab.command("notebook:run-all-cells");
    const variables = page.locator(".jp-DebuggerVariables");
    await variables.getByText("42").first().waitFor();
    await lab.screenshot("debugger/stopped.png");
    expect(await page.locator(".jp-DebuggerCallstack").textContent()).toContain("grow");
    await lab.command("debugger:continue");
    await page.locator(".jp-OutputArea-output", { hasText: "42" }).waitFor();
    expect(lab.errors).toEqual([]);
  }, 90_000);
});
