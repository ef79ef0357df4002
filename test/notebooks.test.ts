/** Every notebook runs top to bottom through a real Jupyter kernel, in a folder of its own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = join(root, "notebooks");
const notebooks = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
const python = process.env.SAELAB_PYTHON;

interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  ename?: string;
  evalue?: string;
  data?: Record<string, unknown>;
}
interface Cell {
  cell_type: string;
  source: string | string[];
  outputs?: Output[];
}
const cellsOf = (path: string): Cell[] => JSON.parse(readFileSync(path, "utf8")).cells;
const text = (source: string | string[]) => (Array.isArray(source) ? source.join("") : source);

function execute(notebook: string): Cell[] {
  const out = mkdtempSync(join(tmpdir(), "saelab-notebook-"));
  const args = ["--to", "notebook", "--execute", join(folder, notebook), "--output-dir", out];
  const { status, stderr } = spawnSync(python ?? "python3", ["-m", "nbconvert", ...args], {
    encoding: "utf8",
    env: { ...process.env, SAELAB_CACHE: join(out, "cache") },
  });
  if (status !== 0) throw new Error(`${notebook} failed\n${stderr.slice(-4000)}`);
  return cellsOf(join(out, notebook));
}

describe.each(notebooks)("notebooks/%s", (notebook) => {
  it("asks a question in its title, and keeps its cells short", () => {
    const cells = cellsOf(join(folder, notebook));
    expect(text(cells[0]?.source ?? "")).toMatch(/^# .+\?\n/);
    for (const cell of cells.filter(({ cell_type }) => cell_type === "code")) {
      expect(text(cell.source).split("\n").length).toBeLessThanOrEqual(12);
    }
  });

  it.skipIf(!python)(
    "runs top to bottom without an error (needs JupyterLab: run npm test)",
    () => {
      const outputs = execute(notebook).flatMap((cell) => cell.outputs ?? []);
      const errors = outputs.filter((o) => o.output_type === "error" || o.name === "stderr");
      expect(errors).toEqual([]);
      const types = new Set(outputs.flatMap(({ data }) => Object.keys(data ?? {})));
      expect([...types]).toEqual(
        expect.arrayContaining([
          "application/vnd.vegalite.v5+json",
          "application/vnd.saelab.view+json",
          "application/vnd.jupyter.widget-view+json",
          "text/html",
        ]),
      );
    },
    180_000,
  );
});
