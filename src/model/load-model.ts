import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { FileError } from "../errors.js";
import { readJsonFile } from "../formats/json-file.js";
import { packageRoot } from "../package-root.js";
import type { LongCallOptions } from "../progress.js";
import { hubFiles, parseHubSource } from "./hub.js";
import { loadTokenizer } from "./load-tokenizer.js";
import { openOnnxModel } from "./onnx/onnx-model.js";
import type { SubjectModel } from "./subject-model.js";

/** Where exporters put the graph; the last two are of older versions of Optimum. */
const graphFiles = ["model.onnx", "onnx/model.onnx", "decoder_model.onnx", "onnx/decoder_model.onnx"];

export interface LoadModelOptions extends LongCallOptions {
  /** Threads that the model computes on. Default: all cores. */
  threads?: number | undefined;
}

/**
 * Loads a language model: an ONNX export with its tokenizer.
 *
 * @param source `"demo"` (the model that comes with saelab), a folder with `model.onnx` or
 *   `onnx/model.onnx`, `tokenizer.json` and, where there is one, `config.json`, or
 *   `"hf:org/name"`, which is fetched from the Hugging Face hub unless its cache has it.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 */
export async function loadModel(source: string, options: LoadModelOptions = {}): Promise<SubjectModel> {
  const hub = parseHubSource(source);
  const folder = hub ? await hubFiles(hub, pickModelFiles, options) : modelFolder(source);
  const path = graphPath(folder);
  const config = (await readJsonFile(join(folder, "config.json"))) ?? {};
  const settings = (await readJsonFile(join(folder, "tokenizer_config.json"))) ?? {};
  const tokenizer = await loadTokenizer(folder);
  const number = (...keys: string[]) =>
    keys.map((key) => config[key]).find((value): value is number => Number.isSafeInteger(value));
  const longest = [number("max_position_embeddings", "n_positions", "n_ctx"), settings.model_max_length];
  return await openOnnxModel(path, {
    name: hub || source === "demo" ? source : basename(folder),
    tokenizer,
    // "No limit" is written as 1e30 in many tokenizers' settings.
    contextLength: longest.find((n): n is number => typeof n === "number") ?? Number.POSITIVE_INFINITY,
    vocabSize: Math.max(number("vocab_size") ?? 0, tokenizer.vocabSize),
    layers: number("num_hidden_layers", "n_layer"),
    dModel: number("hidden_size", "n_embd"),
    threads: options.threads,
  });
}

function modelFolder(source: string): string {
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
function pickModelFiles(files: readonly string[]): string[] | undefined {
  const graph = graphFiles.find((file) => files.includes(file));
  if (!graph || !files.includes("tokenizer.json")) return undefined;
  const settings = ["config.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json"];
  const weights = files.filter((file) => file.startsWith(`${graph}_data`) || file === `${graph}.data`);
  return [...settings.filter((file) => files.includes(file)), ...weights, graph];
}
