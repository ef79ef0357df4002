import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { FileError } from "../errors.js";
import { hashFile, openFile } from "../formats/file-source.js";
import { type JsonObject, readJsonFile } from "../formats/json-file.js";
import { hubFiles, parseHubSource } from "../model/hub.js";
import { packageRoot } from "../package-root.js";
import type { LongCallOptions } from "../progress.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { type FoundWeights, findWeights, type Layout, layouts } from "./layouts.js";
import { screenedCoder } from "./screened-coder.js";
import type { SparseCoder } from "./sparse-coder.js";
import { weightedCoder } from "./weighted-coder.js";

export interface LoadSparseCoderOptions extends CoderOptions, LongCallOptions {
  /** Threads that the encoder computes on. Default: all cores. */
  threads?: number | undefined;
  /**
   * `"int8"`: all latents are looked at in 8-bit integers first, and those that can fire computed in float32: the same
   * results, about twice as fast from 16,384 latents up. Checked on the first activations, and
   * given up where it would miss any. Takes more memory: the weights are kept in float32 too. Default: not.
   */
  screen?: "int8" | undefined;
  /** Told why, if screening is given up. Default: `console.warn`. */
  onWarning?: ((message: string) => void) | undefined;
}

/** A coder as its files give it, before it becomes a graph. */
export interface StoredCoder {
  readonly name: string;
  /** SHA-256 (hex) over configuration and weights. */
  readonly hash: string;
  readonly weights: CoderWeights;
}

/** A folder, and the one file in it that was asked for, if one was. */
interface Place {
  readonly folder: string;
  readonly file: string | undefined;
}

/**
 * Loads an SAE or a transcoder; the layout is told from the files.
 *
 * @param source `"demo/layers.2"` (one of those that come with saelab), a folder (or a file in one
 *   with several) in the layout of EleutherAI sparsify, SAELens, Gemma Scope 1 or 2,
 *   dictionary_learning, OpenAI, Llama Scope, Qwen-Scope, Goodfire or circuit-tracer, crosscoders, or
 *   `"hf:org/name/folder"`, which is fetched from the Hugging Face hub unless its cache has it.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 * @throws {RangeError} If the screen is not known.
 */
export async function loadSparseCoder(
  source: string,
  options: LoadSparseCoderOptions = {},
): Promise<SparseCoder> {
  const { screen, threads, onWarning } = options;
  if (screen !== undefined && screen !== "int8") {
    throw new RangeError(
      `Cannot screen the sparse coder "${source}" with "${screen}": "int8" is the only screen`,
    );
  }
  const { weights, name, hash } = await readSparseCoder(source, options);
  const coder = weightedCoder(weights, { name, hash, threads });
  return screen ? screenedCoder(coder, weights, { threads, onWarning }) : coder;
}

/** The weights of a coder in one form, whatever its layout. @throws {FileError} As `loadSparseCoder`. */
export async function readSparseCoder(
  source: string,
  options: CoderOptions & LongCallOptions = {},
): Promise<StoredCoder> {
  if (typeof source !== "string" || source === "") {
    throw new TypeError(
      `Cannot load a sparse coder from "${String(source)}": give "demo/layers.2", a folder or "hf:org/name/folder"`,
    );
  }
  const hub = parseHubSource(source) !== undefined;
  const { folder, file } = hub ? await hubCoder(source, options) : coderFolder(source);
  const { weights: weightsFile, layouts: candidates } = weightsIn(source, folder, file);
  const path = join(folder, weightsFile);
  const [{ config: configFile }] = candidates;
  const config = configFile ? await readJsonFile(join(folder, configFile)) : {};
  if (!config) {
    throw new FileError(
      `Cannot load the sparse coder "${source}": "${configFile}" is missing beside "${weightsFile}"`,
      folder,
    );
  }
  const { weights, layout } = await readWeights(path, candidates, { ...options, config, folder });
  const named = weightsFile === layout.weights ? folder : path;
  return {
    weights,
    name: hub || source.startsWith("demo/") ? source : lastParts(named, layout.nameParts ?? 1),
    hash: await hashOf([path, ...filesBeside(layout, { folder, weightsFile })], config),
  };
}

function lastParts(path: string, count: number): string {
  return path.split(sep).slice(-count).join("/");
}

async function readWeights(
  path: string,
  candidates: readonly Layout[],
  { folder, ...options }: CoderOptions & { config: JsonObject; folder: string },
): Promise<{ weights: CoderWeights; layout: Layout }> {
  const source = await openFile(path);
  try {
    const file = await candidates[0].open(source);
    const layout = candidates.find(({ has }) => has === undefined || file.tensors.has(has));
    if (layout) return { weights: await layout.read(folder, { ...options, file }), layout };
    const wanted = candidates.map(({ has }) => has).join(" or ");
    const found = [...file.tensors.keys()].slice(0, 12).join(", ") || "no tensors";
    throw new FileError(
      `Cannot load the sparse coder "${path}": it has ${found}; a file with ${wanted} is wanted`,
      path,
    );
  } finally {
    await source.close();
  }
}

function coderFolder(source: string): Place {
  const demo = /^demo\/(.+)$/.exec(source);
  const path = demo ? join(packageRoot(), "demo", "saes", demo[1]) : resolve(source);
  if (!existsSync(path)) {
    throw new FileError(
      `Cannot load the sparse coder "${source}": there is no folder "${path}"; give "demo/layers.2" or a folder with its files`,
      path,
    );
  }
  if (statSync(path).isDirectory()) return { folder: path, file: undefined };
  const below = basename(dirname(path)) === "checkpoints" ? `checkpoints${sep}` : "";
  const folder = below ? dirname(dirname(path)) : dirname(path);
  const file = `${below && "checkpoints/"}${basename(path)}`;
  // A configuration stands for the folder that it lies in.
  return { folder, file: layouts.some(({ pattern }) => pattern.test(file)) ? file : undefined };
}

/** Fetches a folder, or one file of it: `hf:org/name/folder/layer3.sae.pt`. */
async function hubCoder(source: string, options: LongCallOptions): Promise<Place> {
  const hub = parseHubSource(source);
  if (!hub) throw new TypeError(`Cannot fetch "${source}": it is no source on the hub`);
  const file = /\.(pth?|safetensors|npz)$/.test(hub.folder) ? basename(hub.folder) : undefined;
  const parent = dirname(hub.folder);
  const place = file === undefined ? hub : { ...hub, folder: parent === "." ? "" : parent };
  return { folder: await hubFiles(place, (files) => pickCoderFiles(files, file), options), file };
}

/** What loading needs of a folder in a repository; the weights last. */
function pickCoderFiles(files: readonly string[], file: string | undefined): string[] | undefined {
  const found = findWeights(file === undefined ? files : files.filter((name) => name === file), files);
  const config = found?.layouts[0].config;
  if (!found || (config !== undefined && !files.includes(config))) return undefined;
  const beside = found.layouts.flatMap((layout) => layout.beside?.(found.weights) ?? []);
  const extra = ["config.yaml", ...beside].filter((name) => name !== config && files.includes(name));
  return [...extra, ...(config ? [config] : []), found.weights];
}

function weightsIn(source: string, folder: string, file: string | undefined): FoundWeights {
  const listed = readdirSync(folder);
  const checkpoint = "checkpoints/final.safetensors";
  const files = existsSync(join(folder, checkpoint)) ? [...listed, checkpoint] : listed;
  const refuse = (reason: string) =>
    new FileError(`Cannot load the sparse coder "${source}": ${reason}`, folder);
  let found: FoundWeights | undefined;
  try {
    found = findWeights(file === undefined ? files : [file], files);
  } catch (cause) {
    throw refuse((cause as Error).message);
  }
  if (found) return found;
  const wanted = [...new Set(layouts.map(({ weights }) => weights))].join(", ");
  throw refuse(`the folder has ${listed.slice(0, 12).join(", ") || "nothing"}; one of ${wanted} is wanted`);
}

function filesBeside({ beside }: Layout, place: { folder: string; weightsFile: string }): string[] {
  const paths = (beside?.(place.weightsFile) ?? []).map((name) => join(place.folder, name));
  return paths.filter((path) => existsSync(path));
}

async function hashOf(paths: readonly string[], config: JsonObject): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(config));
  for (const path of paths) await hashFile(hash, path);
  return hash.digest("hex");
}
