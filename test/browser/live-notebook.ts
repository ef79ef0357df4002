import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { installWidgets } from "../widgets/install-widgets.js";

const kernel = fileURLToPath(new URL("../../kernel/dist/kernelspec.js", import.meta.url));

/** Appended to the title of a test that is skipped because the kernel is not built; else empty. */
export const noKernel = existsSync(kernel) ? "" : " (needs the built kernel: npm run build)";

/** Kernel and extension, as `saelab install` puts them; the extension fresh from its sources. */
export async function installSaelab(dataDirectory: string): Promise<void> {
  if (!noKernel) {
    const { installKernel } = (await import(kernel)) as { installKernel(dataFolder: string): void };
    installKernel(dataDirectory);
  }
  await installWidgets(dataDirectory);
}

/** Writes `live.ipynb`: a heatmap, its state as the kernel knows it, and a cell to write into. */
export async function liveNotebook(directory: string): Promise<void> {
  const sources = [
    `import { heatmap, sampleLatentExamples } from "./cells.mjs";
const map = heatmap(sampleLatentExamples(), { explanation: "words about the weather" });
map`,
    "map.state.align",
    "1 + 1",
  ];
  const cells = sources.map((source, i) => ({
    id: `cell${i}`,
    cell_type: "code",
    execution_count: null,
    metadata: {},
    source,
    outputs: [],
  }));
  const metadata = { kernelspec: { name: "saelab", display_name: "TypeScript (saelab)" } };
  const notebook = { nbformat: 4, nbformat_minor: 5, metadata, cells };
  await writeFile(join(directory, "live.ipynb"), JSON.stringify(notebook));
  await cellModule(directory);
}

/** The code of the cells as one module beside the notebook. */
async function cellModule(directory: string): Promise<void> {
  await build({
    stdin: {
      contents: `export { heatmap } from "../../src/report/heatmap.js";
        export { sampleLatentExamples } from "../widgets/sample-examples.js";`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(directory, "cells.mjs"),
    logLevel: "warning",
  });
}
