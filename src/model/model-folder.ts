import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { FileError } from "../errors.js";
import { type JsonObject, readJsonFile } from "../formats/json-file.js";
import { packageRoot } from "../package-root.js";
import type { LongCallOptions } from "../progress.js";
import { type HubFilesOptions, hubFiles, parseHubSource } from "./hub.js";

/** Where exporters put the graph; the last four are of older versions of Optimum. */
const graphFiles = [
  "model.onnx",
  "onnx/model.onnx",
  "decoder_model.onnx",
  "onnx/decoder_model.onnx",
  "decoder_model_merged.onnx",
  "onnx/decoder_model_merged.onnx",
];

/** An exported model on disk, not loaded yet. */
export interface ModelFolder {
  /** As it was asked for: `demo`, a folder's name, `hf:org/name`. */
  readonly name: string;
  readonly folder: string;
  /** The ONNX file. */
  readonly graph: string;
  /** `config.json`; empty where there is none. */
  readonly config: JsonObject;
  /** The first of these settings that is a whole number. */
  setting(...keys: string[]): number | undefined;
  /** The longest context that the model takes; infinite where its files do not say. */
  readonly contextLength: number;
}

/**
 * Finds a model's files, and fetches them where the source is on the hub.
 *
 * @param source `"demo"`, a folder with `model.onnx` or `onnx/model.onnx` and `tokenizer.json`, or `"hf:org/name"`.
 * @param also Names of small files that are fetched too where the hub's repository has them.
 * @throws {FileError} If a file is missing or damaged.
 */
export async function findModelFolder(
  source: string,
  options: LongCallOptions & Pick<HubFilesOptions, "refresh"> = {},
  also: readonly string[] = [],
): Promise<ModelFolder> {
  if (typeof source !== "string") {
    throw new TypeError(`Cannot load a model from ${String(source)}: give "demo", a folder or "hf:org/name"`);
  }
  const hub = parseHubSource(source);
  const pick = (files: readonly string[]) => pickModelFiles(files, also);
  const wanted = "it needs model.onnx or onnx/model.onnx, and tokenizer.json: export it to ONNX first";
  const folder = hub ? await hubFiles(hub, pick, { ...options, wanted }) : localFolder(source);
  const graph = graphPath(folder);
  const config = (await readJsonFile(join(folder, "config.json"))) ?? {};
  const tokenizer = (await readJsonFile(join(folder, "tokenizer_config.json"))) ?? {};
  const setting = (...keys: string[]) =>
    keys.map((key) => config[key]).find((value): value is number => Number.isSafeInteger(value));
  const longest = [setting("max_position_embeddings", "n_positions", "n_ctx"), tokenizer.model_max_length];
  return {
    name: hub || source === "demo" ? source : basename(folder),
    folder,
    graph,
    config,
    setting,
    // "No limit" is written as 1e30 in many tokenizers' settings.
    contextLength: longest.find((n): n is number => typeof n === "number") ?? Number.POSITIVE_INFINITY,
  };
}

function localFolder(source: string): string {
  const path = source === "demo" ? join(packageRoot(), "demo", "model") : resolve(source);
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new FileError(
    `Cannot load the model "${source}": there is no folder "${path}"; give "demo", "hf:org/name" or a folder with model.onnx and tokenizer.json`,
    path,
  );
}

function graphPath(folder: string): string {
  const found = graphFiles.map((file) => join(folder, file)).find((path) => existsSync(path));
  if (found) return found;
  throw new FileError(
    `Cannot load the model in "${folder}": it has neither model.onnx nor onnx/model.onnx; export it to ONNX first`,
    folder,
  );
}

/** What loading needs of a repository; the graph last, after the weights that it may keep outside. */
function pickModelFiles(files: readonly string[], also: readonly string[]): string[] | undefined {
  const graph = graphFiles.find((file) => files.includes(file));
  if (!graph || !files.includes("tokenizer.json")) return undefined;
  const settings = ["config.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json"];
  const weights = files.filter((file) => file.startsWith(`${graph}_data`) || file === `${graph}.data`);
  return [...[...also, ...settings].filter((file) => files.includes(file)), ...weights, graph];
}
