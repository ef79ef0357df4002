import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import type { JupyterServer } from "./jupyter-server.js";

/** Pictures of a test run, for people to look at; not kept by git. */
export const artifacts = fileURLToPath(new URL("../../artifacts/", import.meta.url));

/** A notebook that is open in JupyterLab, or in Jupyter Notebook, which is made of the same parts. */
export interface LabPage {
  readonly page: Page;
  /** Errors that the page wrote to its console or threw. */
  readonly errors: readonly string[];
  /** Requests to anything but the server; they are refused. */
  readonly foreignRequests: readonly string[];
  /** Runs a command of JupyterLab, e.g. `notebook:run-all-cells`. */
  command(id: string, args?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs all cells and waits until every one has its number. @throws {Error} At the first error output. */
  runAll(options?: { timeout?: number }): Promise<void>;
  /** Replaces the text of a code cell and runs it. */
  startCell(index: number, source: string): Promise<void>;
  /** Replaces the text of a code cell, runs it and waits for it. */
  runCell(index: number, source: string): Promise<void>;
  /** The output area of a cell; cells that hold prose count too. */
  output(cell: number): Locator;
  /** Saves a picture below `artifacts/`. */
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Where each front end shows a notebook. */
const pages = {
  lab: (path: string) => `lab/tree/${path}?reset`,
  notebook: (path: string) => `notebooks/${path}`,
};

/** Messages that the front end itself writes to the console, with or without us. */
const known = [
  /favicon/,
  /404 \(Not Found\)/,
  /announcements|api\/news/,
  /ResizeObserver loop/,
  /Could not restore the debugger state: Canceled/,
  // Jupyter Notebook 7, at the start.
  /Cannot read properties of undefined \(reading '(schema|last_modified)'\)/,
];

/**
 * Opens a notebook of the server and waits until it and its kernel are there. With `kernel: false` it is
 * opened without one; its metadata must name no kernel then, so that JupyterLab asks.
 */
export async function openNotebook(
  browser: Browser,
  server: JupyterServer,
  options: { path: string; app?: keyof typeof pages; kernel?: boolean; width?: number; height?: number },
): Promise<LabPage> {
  const { path, app = "lab", kernel = true, width = 1280, height = 900 } = options;
  const page = await browser.newPage({ viewport: { width, height } });
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  const note = (text: string) => {
    if (!known.some((pattern) => pattern.test(text))) errors.push(text);
  };
  page.on("pageerror", (error) => note(`${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") note(message.text());
  });
  await page.route(
    (url) => /^https?:$/.test(url.protocol) && !url.href.startsWith(server.url),
    (route) => {
      foreignRequests.push(route.request().url());
      return route.abort();
    },
  );
  await page.goto(`${server.url}${pages[app](path)}`);
  await page.waitForSelector(".jp-NotebookPanel .jp-Notebook .jp-Cell", { timeout: 60_000 });
  await page.waitForFunction(() => Reflect.has(window, "jupyterapp"));
  await page.evaluate("jupyterapp.restored");
  if (kernel) await waitForKernel(page);
  else await page.locator(".jp-Dialog").getByRole("button", { name: "No Kernel" }).click();
  return labPage(page, errors, foreignRequests);
}

function labPage(page: Page, errors: readonly string[], foreignRequests: readonly string[]): LabPage {
  const command = async (id: string, args = {}) => {
    await page.evaluate(`jupyterapp.commands.execute(${JSON.stringify(id)}, ${JSON.stringify(args)})`);
  };
  const startCell = async (index: number, source: string) => {
    await page.evaluate(`
      jupyterapp.shell.currentWidget.content.activeCellIndex = ${index};
      jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(${JSON.stringify(source)});
      void jupyterapp.commands.execute("notebook:run-cell");
    `);
  };
  const cells = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell");
  return {
    page,
    errors,
    foreignRequests,
    command,
    async runAll({ timeout = 120_000 } = {}) {
      await command("notebook:run-all-cells");
      await waitForIdle(page, timeout);
    },
    startCell,
    async runCell(index, source) {
      await startCell(index, source);
      await waitForIdle(page, 60_000);
    },
    output: (cell) => cells.nth(cell).locator(".jp-Cell-outputArea"),
    async screenshot(name) {
      const path = join(artifacts, name);
      await mkdir(dirname(path), { recursive: true });
      await page.screenshot({ path });
    },
    close: () => page.close(),
  };
}

const session = "jupyterapp.shell.currentWidget?.context?.sessionContext";

async function waitForKernel(page: Page): Promise<void> {
  await page.waitForFunction(`${session}?.session?.kernel?.status === "idle"`, undefined, {
    timeout: 60_000,
  });
}

/** Waits until no code cell waits for its number. */
async function waitForIdle(page: Page, timeout: number): Promise<void> {
  const cells = "jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === 'code')";
  const failed = `${cells}.flatMap((cell) => cell.model.sharedModel.outputs).find((o) => o.output_type === "error")`;
  const done = `${cells}.every((c) => c.model.sharedModel.getSource() === "" || (c.model.executionCount !== null && c.model.executionState !== "running"))`;
  const idle = `${session}.session.kernel.status === "idle"`;
  await page.waitForFunction(`Boolean(${failed}) || (${done} && ${idle})`, undefined, { timeout });
  const error = (await page.evaluate(failed)) as { ename: string; evalue: string } | undefined;
  if (error) throw new Error(`A cell failed: ${error.ename}: ${error.evalue}`);
}
