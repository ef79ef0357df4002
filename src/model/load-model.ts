import { existsSync } from "node:fs";
import { FileError } from "../errors.js";
import type { LongCallOptions } from "../progress.js";
import { parseHubSource } from "./hub.js";
import { loadTokenizer } from "./load-tokenizer.js";
import { findModelFolder, type ModelFolder } from "./model-folder.js";
import { openOnnxModel } from "./onnx/onnx-model.js";
import { type Provider, pickProvider } from "./onnx/provider.js";
import type { SubjectModel } from "./subject-model.js";

export interface LoadModelOptions extends LongCallOptions {
  /** Threads that the model computes on. Default: all cores. */
  threads?: number | undefined;
  /**
   * What it computes on; `auto` takes the fastest that works here. Default: `cpu`, whose results are the same on every machine
   * up to rounding.
   */
  provider?: Provider | "auto" | undefined;
}

/**
 * Loads a language model: an ONNX export with its tokenizer.
 *
 * @param source `"demo"` (the model that comes with saelab), a folder with `model.onnx` or
 *   `onnx/model.onnx`, `tokenizer.json` and, where there is one, `config.json`, or
 *   `"hf:org/name"`, which is fetched from the Hugging Face hub unless its cache has it.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 * @throws {RangeError} If the provider does not work here.
 */
export async function loadModel(source: string, options: LoadModelOptions = {}): Promise<SubjectModel> {
  const provider = await pickProvider(options.provider ?? "cpu");
  const found = await findModelFolder(source, options);
  try {
    return await openModel(found, { ...options, provider });
  } catch (error) {
    // A cache that another program filled may lack a file that only the graph itself names: its weights.
    const lacksFile = error instanceof FileError && !existsSync(error.path);
    if (!lacksFile || !parseHubSource(source)) throw error;
    return await openModel(await findModelFolder(source, { ...options, refresh: true }), {
      ...options,
      provider,
    });
  }
}

async function openModel(
  { name, folder, graph, contextLength, setting }: ModelFolder,
  { threads, provider }: { threads?: number | undefined; provider: Provider },
): Promise<SubjectModel> {
  const tokenizer = await loadTokenizer(folder);
  return await openOnnxModel(graph, {
    name,
    folder,
    tokenizer,
    contextLength,
    vocabSize: Math.max(setting("vocab_size") ?? 0, tokenizer.vocabSize),
    layers: setting("num_hidden_layers", "n_layer"),
    dModel: setting("hidden_size", "n_embd"),
    threads,
    provider,
  });
}
