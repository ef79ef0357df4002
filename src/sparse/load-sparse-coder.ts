import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError } from "../errors.js";
import { openFile } from "../formats/file-source.js";
import { type JsonObject, readJsonFile } from "../formats/json-file.js";
import { openSafetensors } from "../formats/safetensors.js";
import { packageRoot } from "../package-root.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import type { SparseCoder } from "./sparse-coder.js";
import { readSparsify } from "./sparsify.js";
import { weightedCoder } from "./weighted-coder.js";

export interface LoadSparseCoderOptions extends CoderOptions {
  /** Threads that the encoder computes on. Default: all cores. */
  threads?: number | undefined;
}

/** A way to lay out a coder in a folder: known by its weights file. */
interface Layout {
  readonly weights: string;
  readonly config: string | undefined;
  read(path: string, options: CoderOptions & { config: JsonObject }): Promise<CoderWeights>;
}

const layouts: readonly Layout[] = [
  {
    weights: "sae.safetensors",
    config: "cfg.json",
    read: async (path, options) => {
      const source = await openFile(path);
      try {
        return await readSparsify(dirname(path), { ...options, file: await openSafetensors(source) });
      } finally {
        await source.close();
      }
    },
  },
];

/**
 * Loads an SAE or a transcoder; the layout is told from the files.
 *
 * @param source `"demo/layers.2"` (one of those that come with saelab), or a folder in the layout
 *   of EleutherAI sparsify.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 */
export async function loadSparseCoder(
  source: string,
  options: LoadSparseCoderOptions = {},
): Promise<SparseCoder> {
  const folder = coderFolder(source);
  const layout = layouts.find(({ weights }) => existsSync(join(folder, weights)));
  if (!layout) throw unknownLayout(source, folder);
  const path = join(folder, layout.weights);
  const config = layout.config ? await readJsonFile(join(folder, layout.config)) : {};
  if (!config) {
    throw new FileError(
      `Cannot load the sparse coder "${source}": "${layout.config}" is missing beside "${layout.weights}"`,
      folder,
    );
  }
  const weights = await layout.read(path, { ...options, config });
  return weightedCoder(weights, {
    name: source.startsWith("demo/") ? source : basename(folder),
    hash: await hashOf(path, config),
    threads: options.threads,
  });
}

function coderFolder(source: string): string {
  const demo = /^demo\/(.+)$/.exec(source);
  const path = demo ? join(packageRoot(), "demo", "saes", demo[1]) : resolve(source);
  if (!existsSync(path)) {
    throw new FileError(
      `Cannot load the sparse coder "${source}": there is no folder "${path}"; give "demo/layers.2" or a folder with its files`,
      path,
    );
  }
  return statSync(path).isDirectory() ? path : dirname(path);
}

function unknownLayout(source: string, folder: string): FileError {
  const found = readdirSync(folder).slice(0, 12).join(", ") || "nothing";
  const wanted = layouts.map(({ weights }) => weights).join(", ");
  return new FileError(
    `Cannot load the sparse coder "${source}": the folder has ${found}; one of ${wanted} is wanted`,
    folder,
  );
}

async function hashOf(path: string, config: JsonObject): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(config));
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
