import { HookpointError } from "../../errors.js";
import { sizeOf, type Tensor, type TensorData, tensor } from "../../tensor.js";
import type { ExtendedModel, GraphTail, RunOptions, SubjectModel } from "../subject-model.js";
import type { Tokenizer } from "../tokenizer.js";
import { extendGraph } from "./extend-graph.js";
import { type Graph, prefixModel, prefixWeightBytes } from "./graph.js";
import { type GraphFile, openGraphFile } from "./graph-file.js";
import { findHookpoints, type GraphHookpoint } from "./hookpoints.js";
import { KeptExtension } from "./kept-extension.js";
import { modelInputs } from "./model-inputs.js";
import { type OnnxSession, openSession } from "./onnx-session.js";
import type { Provider } from "./provider.js";
import { readableGraph } from "./readable-graph.js";
import {
  type Replacement,
  replacementInputs,
  replaceTensors,
  type TensorForm,
  tensorForm,
} from "./replace-tensors.js";

/** What the graph itself does not say: taken from the model's configuration. */
export interface OnnxModelOptions {
  name: string;
  folder?: string | undefined;
  tokenizer: Tokenizer;
  contextLength: number;
  vocabSize: number;
  layers?: number | undefined;
  dModel?: number | undefined;
  threads?: number | undefined;
  provider?: Provider | undefined;
}

/** One session per set of tapped tensors, each with its own copy of the weights: keep few. */
const sessionsKept = 4;
/** Weights are streamed from memory once a run; what larger runs compute falls out of the processor's cache. */
const tokensPerRun = 512;
/** A few seconds of two cores: a run cannot be stopped. */
const operationsPerRun = 5e11;
/** Larger outputs are several times slower to copy. */
const numbersPerRun = 1 << 22;

/**
 * A subject model over an ONNX file: for each set of hookpoints the graph is cut behind the last.
 *
 * @throws {FileError} If the file is missing, damaged, or its blocks are not found.
 */
export async function openOnnxModel(path: string, options: OnnxModelOptions): Promise<SubjectModel> {
  const opened = await openGraphFile(path);
  const file = { ...opened, graph: readableGraph(opened.graph, path) };
  const hookpoints = findHookpoints(file.graph, { path, layers: options.layers, dModel: options.dModel });
  return new OnnxModel({ ...options, file, hookpoints });
}

type Parts = OnnxModelOptions & { file: GraphFile; hookpoints: GraphHookpoint[] };

class OnnxModel implements SubjectModel {
  readonly name: string;
  readonly hash: string;
  readonly tokenizer: Tokenizer;
  readonly hookpoints: readonly GraphHookpoint[];
  readonly dModel: number;
  readonly contextLength: number;
  readonly provider: Provider;
  readonly #parts: Parts;
  readonly #sessions = new Map<string, Promise<OnnxSession>>();
  readonly #forms = new Map<string, TensorForm>();
  readonly #extension = new KeptExtension((tails) => this.#extend(tails));

  constructor(parts: Parts) {
    this.name = parts.name;
    this.hash = parts.file.hash;
    this.tokenizer = parts.tokenizer;
    this.hookpoints = parts.hookpoints.map((hookpoint) => Object.freeze(hookpoint));
    this.dModel = parts.hookpoints[0].width;
    this.contextLength = parts.contextLength;
    this.provider = parts.provider ?? "cpu";
    this.#parts = parts;
  }

  /** Not a field: a notebook that shows a model should not tell where its author keeps files. */
  get folder(): string | undefined {
    return this.#parts.folder;
  }

  async activations(
    tokens: Tensor<Int32Array>,
    hookpoints: readonly string[],
    options: RunOptions = {},
  ): Promise<Map<string, Tensor>> {
    const found = hookpoints.map((name) => this.#hookpoint(name));
    const replaced = await this.#replacements(tokens, options);
    const given = new Map(replaced.map((r) => [r.tensor, r.values]));
    const computed = found.map(({ tensor: name }) => name).filter((name) => !given.has(name));
    const results = new Map([...(await this.#run(tokens, computed, replaced)), ...given]);
    const none = (width: number) => emptyTensor([...tokens.shape, width]);
    return new Map(found.map(({ name, width, tensor: t }) => [name, results.get(t) ?? none(width)]));
  }

  async extend(tails: readonly GraphTail[]): Promise<ExtendedModel> {
    await this.#parts.file.checkUnchanged();
    return await this.#extension.of(tails);
  }

  async #extend(tails: readonly GraphTail[]): Promise<ExtendedModel> {
    const placed = tails.map((tail) => ({
      tail,
      places: tail.hookpoints.map((name) => this.#hookpoint(name)),
    }));
    const { graph, outputs } = extendGraph(this.#parts.file.graph, placed);
    const all = outputs.flatMap((names) => [...names.values()]);
    const weights = prefixWeightBytes(graph, all) / 4;
    const session = await this.#openGraph(graph, all);
    return {
      tokensPerRun: Math.min(tokensPerRun, operationsPerRun / (2 * weights + 1)),
      run: async (tokens) => {
        this.#check(tokens);
        const found = await session.run(this.#feeds(session, tokens));
        const output = (name: string) => found.get(name) as Tensor<TensorData>;
        return outputs.map((names) => new Map([...names].map(([own, name]) => [own, output(name)])));
      },
      close: () => session.close(),
    };
  }

  async logits(tokens: Tensor<Int32Array>, options: RunOptions = {}): Promise<Tensor> {
    const { outputs } = this.#parts.file.graph;
    const { name } = outputs.find((output) => output.name === "logits") ?? outputs[0];
    const results = await this.#run(tokens, [name], await this.#replacements(tokens, options));
    return results.get(name) ?? emptyTensor([...tokens.shape, this.#parts.vocabSize]);
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all([...sessions.map(async (session) => (await session).close()), this.#extension.close()]);
  }

  #hookpoint(name: string): GraphHookpoint {
    const found = this.hookpoints.find((h) => h.name === name || h.alias === name);
    if (found) return found;
    const layers = this.hookpoints.filter((h) => /^layers\.\d+$/.test(h.name)).length;
    throw new HookpointError(
      `Cannot read hookpoint "${name}" of "${this.name}": the model has layers.0 to layers.${layers - 1}; choose one of model.hookpoints`,
      this.hookpoints.map((h) => h.name),
    );
  }

  async #replacements(tokens: Tensor<Int32Array>, { replace }: RunOptions): Promise<Replacement[]> {
    const replaced: Replacement[] = [];
    for (const [name, values] of replace ?? []) {
      const { width, tensor: place } = this.#hookpoint(name);
      const wanted = [...tokens.shape, width];
      if (wanted.join() !== values.shape.join()) {
        throw new RangeError(
          `Cannot replace "${name}" of "${this.name}": the values are [${values.shape.join(", ")}], [${wanted.join(", ")}] is wanted`,
        );
      }
      replaced.push({ ...(await this.#form(place)), values });
    }
    return replaced;
  }

  /** Found out by running the shortest context. */
  async #form(place: string): Promise<TensorForm> {
    const known = this.#forms.get(place);
    if (known) return known;
    const session = await this.#session([place]);
    const feeds = this.#feeds(session, tensor(new Int32Array(1), [1, 1]));
    const form = await tensorForm(place, { session, feeds });
    this.#forms.set(place, form);
    return form;
  }

  #feeds(session: OnnxSession, tokens: Tensor<Int32Array>) {
    const { file } = this.#parts;
    const wanted = file.graph.inputs.filter((input) => session.inputs.includes(input.name));
    return modelInputs(tokens, wanted, file.path);
  }

  async #run(
    tokens: Tensor<Int32Array>,
    tensors: readonly string[],
    replaced: readonly Replacement[],
  ): Promise<Map<string, Tensor>> {
    this.#check(tokens);
    const [contexts, positions] = tokens.shape;
    const results = new Map<string, Tensor>();
    if (tokens.data.length === 0 || tensors.length === 0) return results;
    const session = await this.#session(tensors, replaced);
    const step = Math.max(1, Math.floor(this.#tokensPerRun(tensors) / positions));
    for (let start = 0; start < contexts; start += step) {
      const end = Math.min(contexts, start + step);
      const ids = tokens.data.subarray(start * positions, end * positions);
      const feeds = {
        ...this.#feeds(session, tensor(ids, [end - start, positions])),
        ...replacementInputs(replaced, { start, end }),
      };
      for (const [name, { data }] of await session.run(feeds)) {
        // A tap inside an MLP may have its positions flattened: the numbers are the same.
        const width = data.length / ids.length;
        const whole = results.get(name) ?? emptyTensor([contexts, positions, width]);
        whole.data.set(data as Float32Array, start * positions * width);
        results.set(name, whole);
      }
    }
    return results;
  }

  #check({ data, shape }: Tensor<Int32Array>): void {
    const { contextLength, vocabSize } = this.#parts;
    if (shape.length !== 2) {
      throw new RangeError(
        `Cannot run "${this.name}" on tokens of shape [${shape.join(", ")}]: [context, position] is wanted`,
      );
    }
    if (shape[1] > contextLength) {
      throw new RangeError(
        `Cannot run "${this.name}" on contexts of ${shape[1]} tokens: it takes at most ${contextLength}; cut them shorter`,
      );
    }
    const wrong = data.find((id) => id < 0 || id >= vocabSize);
    if (wrong !== undefined) {
      throw new RangeError(
        `Cannot run "${this.name}" on token ${wrong}: its ids are 0 to ${vocabSize - 1}; use its own tokenizer`,
      );
    }
  }

  #tokensPerRun(tensors: readonly string[]): number {
    const weights = prefixWeightBytes(this.#parts.file.graph, tensors) / 4;
    const width = tensors.reduce((sum, name) => sum + this.#width(name), 0);
    return Math.min(tokensPerRun, operationsPerRun / (2 * weights + 1), numbersPerRun / width);
  }

  #width(name: string): number {
    return this.hookpoints.find((h) => h.tensor === name)?.width ?? this.#parts.vocabSize;
  }

  #session(tensors: readonly string[], replaced: readonly TensorForm[] = []): Promise<OnnxSession> {
    const unique = [...new Set(tensors)].sort();
    const key = [...unique, "", ...replaced.map((form) => form.tensor)].join("\n");
    const session = this.#sessions.get(key) ?? this.#open(unique, replaced);
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    // A session that could not be opened must not be remembered.
    session.catch(() => this.#sessions.delete(key));
    // Not closed: a run may still be using it. It is freed with its last reference.
    for (const oldest of [...this.#sessions.keys()].slice(0, -sessionsKept)) this.#sessions.delete(oldest);
    return session;
  }

  async #open(tensors: readonly string[], replaced: readonly TensorForm[]): Promise<OnnxSession> {
    const { graph } = this.#parts.file;
    return await this.#openGraph(replaced.length > 0 ? replaceTensors(graph, replaced) : graph, tensors);
  }

  /** The part of a graph that computes these tensors. */
  async #openGraph(graph: Graph, tensors: readonly string[]): Promise<OnnxSession> {
    const { file, threads, provider } = this.#parts;
    await file.checkUnchanged();
    const { path, folder } = file;
    return await openSession(prefixModel(graph, tensors), { path, folder, threads, provider });
  }
}

function emptyTensor(shape: readonly number[]): Tensor {
  return tensor(new Float32Array(sizeOf(shape)), shape);
}
