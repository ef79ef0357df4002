/**
 * The front ends in a browser, from the oldest that saelab works in to the newest: a notebook with a live heatmap is
 * opened, run, used and interrupted. JupyterLab 4.6 has more tests: `end-to-end`, `heatmap-lab`, `debugger-lab`.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, noChromium } from "./browser/chromium.js";
import {
  type JupyterServer,
  jupyterPath,
  missingJupyter,
  oldestJupyterPath,
  startJupyter,
} from "./browser/jupyter-server.js";
import { openNotebook } from "./browser/lab-page.js";
import { installSaelab, liveNotebook, noKernel } from "./browser/live-notebook.js";

describe.each([
  ["oldest", { jupyter: oldestJupyterPath, lab: "4.2", notebook: "7.2" }],
  ["newest", { jupyter: jupyterPath, lab: "4.6", notebook: "7.6" }],
])("the %s front ends", (_age, { jupyter, ...versions }) => {
  const missing = noChromium || noKernel || missingJupyter(jupyter);
  let directory: string;
  let server: JupyterServer;
  let browser: Browser;

  beforeAll(async () => {
    if (missing) return;
    directory = await mkdtemp(join(tmpdir(), "saelab-fronts-"));
    await liveNotebook(directory);
    await copyFile(join(directory, "live.ipynb"), join(directory, "again.ipynb"));
    const starting = startJupyter({ directory, jupyter, prepare: installSaelab });
    [server, browser] = await Promise.all([starting, launchChromium()]);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  it.skipIf(missing).each([
    // Notebook first: it stumbles over a workspace that JupyterLab has kept.
    [`Jupyter Notebook ${versions.notebook}`, "notebook", "live.ipynb"],
    [`JupyterLab ${versions.lab}`, "lab", "again.ipynb"],
  ] as const)(
    `%s runs cells, shows a live heatmap and interrupts${missing}`,
    async (_name, app, path) => {
      const lab = await openNotebook(browser, server, { path, app });
      expect(await lab.page.evaluate("jupyterapp.version")).toMatch(new RegExp(`^${versions[app]}\\.`));
      await lab.runAll();
      const heatmap = lab.output(0).locator(".saelab[data-state=ready]:not(:has(.saelab-saved))");
      await heatmap.waitFor();
      await heatmap.locator("[data-control=align] [data-value=peak]").click();
      await lab.runCell(1, "map.state.align");
      expect(await lab.output(1).textContent()).toContain("peak");
      await lab.screenshot(`fronts/${app}-${versions[app]}.png`);

      await lab.startCell(2, "const kept = 'kept'; console.log('spinning'); while (true) {}");
      await lab.output(2).getByText("spinning").waitFor();
      await lab.command("kernelmenu:interrupt");
      await lab.output(2).getByText("InterruptError").waitFor();
      await lab.runCell(2, "kept");
      expect(await lab.output(2).textContent()).toContain("'kept'");
      expect(lab.errors).toEqual([]);
      expect(lab.foreignRequests).toEqual([]);
      await lab.close();
    },
    120_000,
  );
});
