import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { FileError } from "../../errors.js";
import { readJsonFile } from "../../formats/json-file.js";
import { findModelFolder, type ModelFolder } from "../../model/model-folder.js";
import { type Graph, prefixModel } from "../../model/onnx/graph.js";
import { openGraphFile } from "../../model/onnx/graph-file.js";
import { modelInputs } from "../../model/onnx/model-inputs.js";
import { openSession } from "../../model/onnx/onnx-session.js";
import { callSignal, type LongCallOptions } from "../../progress.js";
import { row, type Tensor, type TensorData, tensor } from "../../tensor.js";
import type { Embedder } from "../embedder.js";
import { normalise } from "./normalise.js";
import { type Pooling, pool, readPooling } from "./pooling.js";
import { rowBatches } from "./row-batches.js";
import { loadTextEncoder } from "./text-encoder.js";

export interface LocalEmbedderOptions extends LongCallOptions {
  /** Threads that the model computes on. Default: all cores. */
  threads?: number | undefined;
  /** Default: the graph's own `sentence_embedding`, else what the model's folder says, else `mean`. */
  pooling?: Pooling | undefined;
}

/** An embedder that computes in this process. */
export interface LocalEmbedder extends Embedder {
  /** Length of its vectors. */
  readonly dimensions: number;
  /** Frees the model. */
  close(): Promise<void>;
}

/** Files of sentence-transformers that say how the model is to be used. */
const settingsFiles = ["1_Pooling/config.json", "sentence_bert_config.json"];

/**
 * A sentence-embedding model in ONNX (BERT and its kin: MiniLM, BGE, E5, GTE) as an embedder: the numbers of
 * sentence-transformers. Models that want a word in front of the text (`query: `) are given it by the caller.
 *
 * @param source A folder with `model.onnx` or `onnx/model.onnx` and `tokenizer.json`, or `"hf:org/name"`, e.g.
 *   `"hf:Xenova/all-MiniLM-L6-v2"`.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 */
export async function localEmbedder(
  source: string,
  options: LocalEmbedderOptions = {},
): Promise<LocalEmbedder> {
  const files = await findModelFolder(source, options, settingsFiles);
  const encoder = await loadTextEncoder(files.folder);
  const { graph, folder } = await openGraphFile(files.graph);
  const output = outputOf(graph, files.graph, options.pooling);
  const session = await openSession(prefixModel(graph, [output]), {
    path: files.graph,
    folder,
    threads: options.threads,
  });
  const inputs = graph.inputs.filter(({ name }) => session.inputs.includes(name));
  const pooling = options.pooling ?? (await readPooling(files.folder));
  const run = async (rows: readonly Int32Array[]): Promise<Float32Array[]> => {
    const { tokens, lengths } = padded(rows);
    const feeds = modelInputs(tokens, inputs, files.graph);
    maskPadding(feeds.attention_mask, lengths);
    const found = (await session.run(feeds)).get(output) as Tensor;
    return found.shape.length === 2 ? lengths.map((_, i) => row(found, i)) : pool(found, lengths, pooling);
  };
  const longest = await longestText(files);
  const [probe] = await run([encoder.encode("a", longest)]);
  return new OnnxEmbedder({
    name: files.name,
    dimensions: probe.length,
    encode: (text) => encoder.encode(text, longest),
    run,
    close: () => session.close(),
  });
}

interface Parts {
  name: string;
  dimensions: number;
  encode(text: string): Int32Array;
  /** Vectors of rows of tokens, each of one token at least. */
  run(rows: readonly Int32Array[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

class OnnxEmbedder implements LocalEmbedder {
  readonly name: string;
  readonly dimensions: number;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.name = parts.name;
    this.dimensions = parts.dimensions;
    this.#parts = parts;
  }

  async embed(texts: readonly string[], options: { signal?: AbortSignal | undefined } = {}): Promise<Tensor> {
    const signal = callSignal(options);
    const rows = texts.map((text) => this.#parts.encode(text));
    const vectors = new Float32Array(texts.length * this.dimensions);
    const lengths = rows.map(({ length }) => length);
    for (const batch of rowBatches(lengths)) {
      signal?.throwIfAborted();
      const found = await this.#parts.run(batch.map((i) => rows[i]));
      found.forEach((vector, i) => {
        vectors.set(normalise(vector), batch[i] * this.dimensions);
      });
      await setImmediate();
    }
    return tensor(vectors, [texts.length, this.dimensions]);
  }

  async close(): Promise<void> {
    await this.#parts.close();
  }
}

function outputOf({ outputs }: Graph, path: string, pooling: Pooling | undefined): string {
  const names = outputs.map(({ name }) => name);
  const tokens = ["last_hidden_state", "token_embeddings"];
  const wanted = pooling ? tokens : ["sentence_embedding", ...tokens];
  const found = wanted.find((name) => names.includes(name));
  if (found) return found;
  throw new FileError(
    `Cannot embed texts with "${path}": it gives ${names.join(", ")}; one of ${wanted.join(", ")} is wanted`,
    path,
  );
}

async function longestText({ folder, contextLength }: ModelFolder): Promise<number> {
  const settings = await readJsonFile(join(folder, "sentence_bert_config.json"));
  const longest = settings?.max_seq_length;
  return typeof longest === "number" ? Math.min(longest, contextLength) : contextLength;
}

function padded(rows: readonly Int32Array[]) {
  const lengths = rows.map(({ length }) => length);
  const width = Math.max(...lengths);
  const data = new Int32Array(rows.length * width);
  rows.forEach((ids, i) => {
    data.set(ids, i * width);
  });
  return { tokens: tensor(data, [rows.length, width]), lengths };
}

function maskPadding(mask: Tensor<TensorData> | undefined, lengths: readonly number[]): void {
  if (!mask) return;
  const [, width] = mask.shape;
  lengths.forEach((length, i) => {
    const [start, end] = [i * width + length, (i + 1) * width];
    if (mask.data instanceof BigInt64Array) mask.data.fill(0n, start, end);
    else if (mask.data instanceof Int32Array) mask.data.fill(0, start, end);
  });
}
