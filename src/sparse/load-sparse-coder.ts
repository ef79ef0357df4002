import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { FileError } from "../errors.js";
import type { ByteSource } from "../formats/byte-source.js";
import { hashFile, openFile } from "../formats/file-source.js";
import { type JsonObject, readJsonFile } from "../formats/json-file.js";
import { openNpz } from "../formats/npz.js";
import { openSafetensors } from "../formats/safetensors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { openTorch } from "../formats/torch.js";
import { hubFiles, parseHubSource } from "../model/hub.js";
import { packageRoot } from "../package-root.js";
import type { LongCallOptions } from "../progress.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { readDictionaryLearning } from "./dictionary-learning.js";
import { readGemmaScope } from "./gemma-scope.js";
import { readSaelens } from "./saelens.js";
import type { SparseCoder } from "./sparse-coder.js";
import { readSparsify } from "./sparsify.js";
import { weightedCoder } from "./weighted-coder.js";

export interface LoadSparseCoderOptions extends CoderOptions, LongCallOptions {
  /** Threads that the encoder computes on. Default: all cores. */
  threads?: number | undefined;
}

/** A way to lay out a coder in a folder: known by its weights file. */
interface Layout {
  readonly weights: string;
  /** File with the configuration; `undefined` where the layout has none. */
  readonly config: string | undefined;
  open(source: ByteSource): Promise<TensorFile>;
  read(
    folder: string,
    options: CoderOptions & { config: JsonObject; file: TensorFile },
  ): Promise<CoderWeights>;
  /** How many of the last parts of its path name a coder. */
  readonly nameParts?: number;
}

const layouts: readonly Layout[] = [
  { weights: "sae.safetensors", config: "cfg.json", open: openSafetensors, read: readSparsify },
  { weights: "sae_weights.safetensors", config: "cfg.json", open: openSafetensors, read: readSaelens },
  { weights: "params.npz", config: undefined, open: openNpz, read: readGemmaScope, nameParts: 3 },
  { weights: "ae.pt", config: "config.json", open: openTorch, read: readDictionaryLearning, nameParts: 2 },
];

/**
 * Loads an SAE or a transcoder; the layout is told from the files.
 *
 * @param source `"demo/layers.2"` (one of those that come with saelab), a folder in the layout of
 *   EleutherAI sparsify, SAELens, Gemma Scope or dictionary_learning, or `"hf:org/name/folder"`,
 *   which is fetched from the Hugging Face hub unless its cache has it.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 */
export async function loadSparseCoder(
  source: string,
  options: LoadSparseCoderOptions = {},
): Promise<SparseCoder> {
  const hub = parseHubSource(source);
  const folder = hub ? await hubFiles(hub, pickCoderFiles, options) : coderFolder(source);
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
  const weights = await readWeights(path, layout, { ...options, config });
  return weightedCoder(weights, {
    name: hub || source.startsWith("demo/") ? source : lastParts(folder, layout.nameParts ?? 1),
    hash: await hashOf(path, config),
    threads: options.threads,
  });
}

function lastParts(path: string, count: number): string {
  return path.split(sep).slice(-count).join("/");
}

async function readWeights(
  path: string,
  layout: Layout,
  options: CoderOptions & { config: JsonObject },
): Promise<CoderWeights> {
  const source = await openFile(path);
  try {
    return await layout.read(dirname(path), { ...options, file: await layout.open(source) });
  } finally {
    await source.close();
  }
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

/** What loading needs of a folder in a repository; the weights last. */
function pickCoderFiles(files: readonly string[]): string[] | undefined {
  const layout = layouts.find(({ weights, config }) => {
    return files.includes(weights) && (config === undefined || files.includes(config));
  });
  return layout && [...(layout.config ? [layout.config] : []), layout.weights];
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
  await hashFile(hash, path);
  return hash.digest("hex");
}
