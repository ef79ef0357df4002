import type { GraphValue } from "../../model/onnx/graph.js";
import { openGraphFile } from "../../model/onnx/graph-file.js";
import { modelInputs } from "../../model/onnx/model-inputs.js";
import { type OnnxInput, type OnnxSession, openSession } from "../../model/onnx/onnx-session.js";
import { type Tensor, type TensorData, tensor } from "../../tensor.js";
import { type CacheTensor, scoringGraph, scoringInputs, scoringOutputs } from "./scoring-graph.js";

/** What a model keeps of the tokens that it has read: one array `[head, position, width]` per tensor. Never changed. */
export interface Past {
  readonly length: number;
  readonly tensors: readonly Float32Array[];
}

/** A causal language model that gives log-probabilities, with or without a cache of what it has read. */
export interface CausalSession {
  /** Bytes that one position of the cache takes; 0 where the graph has none. */
  readonly bytesPerPosition: number;
  /** How many rows after the same past one run may have. */
  readonly rowsPerRun: number;
  readonly nothing: Past;
  /** Reads a row of tokens and gives what is kept of them and of the past. */
  remember(ids: Int32Array, past: Past): Promise<Past>;
  /** Log-probabilities of `targets`, one per position: that of `targets[i, t]` after `rows[i, 0…t]`. */
  ofTargets(rows: Tensor<Int32Array>, targets: Tensor<Int32Array>, past: Past): Promise<Tensor>;
  /** Log-probabilities of candidates after every position of one row. */
  ofCandidates(ids: Int32Array, past: Past, options: CandidateOptions): Promise<CandidateRows>;
  /** The beginning of a past. */
  cut(past: Past, length: number): Past;
  close(): Promise<void>;
}

export interface CandidateOptions {
  readonly candidates: Int32Array;
  /** Whether to give what is kept of the row, to go on from. */
  readonly goesOn: boolean;
}

export interface CandidateRows {
  /** `[position, candidate]`, nats. */
  readonly logProbabilities: Tensor;
  /** What is kept of past and row; the past alone where the row does not go on. */
  readonly past: Past;
}

/**
 * Opens the graph of a causal language model.
 *
 * @throws {FileError} If the file is missing, damaged, or wants inputs that are not known.
 */
export async function openCausalSession(path: string, threads: number | undefined): Promise<CausalSession> {
  const { graph, folder } = await openGraphFile(path);
  const { model, cache } = scoringGraph(graph);
  const session = await openSession(model, { path, folder, threads });
  const kept = new Set(cache.map(({ input }) => input));
  const inputs = graph.inputs.filter(({ name }) => session.inputs.includes(name) && !kept.has(name));
  // This operator takes a past with several new positions for one row only.
  const grouped = graph.nodes.some(({ op }) => op === "GroupQueryAttention");
  const rowsPerRun = cache.length > 0 && grouped ? 1 : Number.POSITIVE_INFINITY;
  return new OnnxCausalSession({ session, cache, inputs, path, rowsPerRun });
}

interface Parts {
  session: OnnxSession;
  cache: readonly CacheTensor[];
  inputs: readonly GraphValue[];
  path: string;
  rowsPerRun: number;
}

const oneId = new Int32Array(1);

class OnnxCausalSession implements CausalSession {
  readonly bytesPerPosition: number;
  readonly rowsPerRun: number;
  readonly nothing: Past;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.bytesPerPosition = parts.cache.reduce((sum, { heads, width }) => sum + 4 * heads * width, 0);
    this.rowsPerRun = parts.rowsPerRun;
    this.nothing = { length: 0, tensors: parts.cache.map(() => new Float32Array(0)) };
    this.#parts = parts;
  }

  async remember(ids: Int32Array, past: Past): Promise<Past> {
    const rows = tensor(ids, [1, ids.length]);
    const run = { rows, targets: rows, candidates: oneId, past };
    return this.#pastOf(await this.#run(run, this.#presents), past.length + ids.length);
  }

  async ofTargets(rows: Tensor<Int32Array>, targets: Tensor<Int32Array>, past: Past): Promise<Tensor> {
    const output = scoringOutputs.targets;
    const results = await this.#run({ rows, targets, candidates: oneId, past }, [output]);
    return tensor(results.get(output)?.data as Float32Array, rows.shape);
  }

  async ofCandidates(ids: Int32Array, past: Past, options: CandidateOptions): Promise<CandidateRows> {
    const { candidates, goesOn } = options;
    const rows = tensor(ids, [1, ids.length]);
    const output = scoringOutputs.candidates;
    const run = { rows, targets: rows, candidates, past };
    const results = await this.#run(run, [output, ...(goesOn ? this.#presents : [])]);
    const found = results.get(output)?.data as Float32Array;
    return {
      logProbabilities: tensor(found, [ids.length, candidates.length]),
      past: goesOn ? this.#pastOf(results, past.length + ids.length) : past,
    };
  }

  cut(past: Past, length: number): Past {
    if (length === past.length) return past;
    const tensors = past.tensors.map((data, i) => {
      const { heads, width } = this.#parts.cache[i];
      const part = new Float32Array(heads * length * width);
      for (let head = 0; head < heads; head++) {
        const start = head * past.length * width;
        part.set(data.subarray(start, start + length * width), head * length * width);
      }
      return part;
    });
    return { length, tensors };
  }

  async close(): Promise<void> {
    await this.#parts.session.close();
  }

  get #presents(): string[] {
    return this.#parts.cache.map(({ output }) => output);
  }

  #pastOf(results: ReadonlyMap<string, Tensor<TensorData>>, length: number): Past {
    return { length, tensors: this.#presents.map((output) => results.get(output)?.data as Float32Array) };
  }

  #run({ rows, targets, candidates, past }: Run, outputs: readonly string[]) {
    const { session, cache, inputs, path } = this.#parts;
    const [contexts, positions] = rows.shape;
    const feeds: Record<string, OnnxInput> = {
      ...modelInputs(rows, inputs, path, past.length),
      [scoringInputs.targets]: tensor(int64(targets.data), [contexts, positions, 1]),
      [scoringInputs.candidates]: tensor(int64(candidates), [candidates.length]),
      [scoringInputs.repeat]: tensor(BigInt64Array.of(BigInt(contexts), 1n, 1n, 1n), [4]),
    };
    cache.forEach(({ input, heads, width }, i) => {
      feeds[input] = tensor(past.tensors[i], [1, heads, past.length, width]);
    });
    return session.run(feeds, outputs);
  }
}

interface Run {
  rows: Tensor<Int32Array>;
  targets: Tensor<Int32Array>;
  candidates: Int32Array;
  past: Past;
}

function int64(ids: Int32Array): BigInt64Array {
  return BigInt64Array.from(ids, BigInt);
}
