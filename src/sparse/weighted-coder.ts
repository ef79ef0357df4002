import { graphBuilder } from "../model/onnx/graph-builder.js";
import { type OnnxSession, openSession } from "../model/onnx/onnx-session.js";
import { outsideRoot } from "../model/onnx/outside-weights.js";
import { slices } from "../slices.js";
import { type Tensor, tensor } from "../tensor.js";
import { type ActivationFunction, activationName, type CoderWeights } from "./coder-weights.js";
import { appendEncoder, encoderTiles, type Tile } from "./encoder-graph.js";
import { denormalise } from "./input-norm.js";
import { hookpointsOf } from "./joined-hookpoints.js";
import type { SparseActivations } from "./sparse-activations.js";
import { joinBatches, type Outputs, type SparseBatch, thresholdBatch, topKBatch } from "./sparse-batch.js";
import type { EncoderTail, SparseCoder } from "./sparse-coder.js";
import { isStored, rowReader, staysInFile } from "./stored-matrix.js";

/** Weights are streamed from memory once a run; what larger runs compute falls out of the processor's cache. */
const positionsPerRun = 512;
/** Of a latent's value with a number of its direction: some ten milliseconds. */
const productsPerTurn = 1 << 23;

/**
 * A sparse coder over weights.
 *
 * @throws {RangeError} If top-k keeps more latents than there are, or groups are not equal.
 */
export function weightedCoder(
  weights: CoderWeights,
  options: { name: string; hash: string; threads?: number | undefined },
): SparseCoder {
  const { activation, encoder } = weights;
  const [dSae] = encoder.shape;
  const k = "k" in activation ? activation.k : 1;
  if (!(k >= 1 && k <= dSae)) {
    throw new RangeError(
      `Cannot make the sparse coder "${options.name}": it keeps ${k} of ${dSae} latents; 1 to ${dSae} is wanted`,
    );
  }
  if (activation.kind === "groupmax" && dSae % k !== 0) {
    throw new RangeError(
      `Cannot make the sparse coder "${options.name}": ${dSae} latents do not make ${k} equal groups; check k`,
    );
  }
  return new WeightedCoder(weights, options);
}

class WeightedCoder implements SparseCoder {
  readonly name: string;
  readonly kind: string;
  readonly hash: string;
  readonly hookpoint: string;
  readonly hookpointOut: string;
  readonly dModel: number;
  readonly dSae: number;
  readonly tail: EncoderTail;
  readonly #weights: CoderWeights;
  readonly #decoderRow: (index: number) => Float32Array;
  readonly #encoderRow: (index: number) => Float32Array;
  readonly #tiles: readonly Tile[];
  readonly #threads: number | undefined;
  #session: Promise<OnnxSession> | undefined;
  #skipSession: Promise<OnnxSession> | undefined;

  constructor(weights: CoderWeights, options: { name: string; hash: string; threads?: number | undefined }) {
    this.name = options.name;
    this.kind = activationName(weights.activation);
    this.hash = options.hash;
    this.hookpoint = weights.hookpoint;
    this.hookpointOut = weights.hookpointOut;
    [this.dSae, this.dModel] = weights.encoder.shape;
    this.#weights = weights;
    this.#decoderRow = rowReader(weights.decoder);
    this.#encoderRow = rowReader(weights.encoder);
    this.#tiles = encoderTiles(weights);
    this.#threads = options.threads;
    this.tail = {
      hookpoints: hookpointsOf(this),
      weightBytes: staysInFile(weights.encoder) ? 0 : 4 * this.dSae * this.dModel,
      append: (builder, x) => appendEncoder(builder, weights, x),
      read: (outputs, place) => this.#batch(outputs, place),
    };
  }

  async encode(activations: Tensor): Promise<SparseActivations> {
    const positions = this.#positions(activations);
    const session = await this.#open();
    const batches: SparseBatch[] = [];
    for (let start = 0; start < positions; start += positionsPerRun) {
      const rows = Math.min(positionsPerRun, positions - start);
      const x = activations.data.subarray(start * this.dModel, (start + rows) * this.dModel);
      const outputs = await session.run({ x: tensor(x, [rows, this.dModel]) });
      batches.push(this.#batch(outputs, { rows, firstPosition: start }));
    }
    return joinBatches(batches, [positions, this.dSae]);
  }

  #batch(outputs: Outputs, place: { rows: number; firstPosition: number }): SparseBatch {
    const { activation } = this.#weights;
    if ("k" in activation) return topKBatch(outputs, place.firstPosition);
    return thresholdBatch(outputs, this.#tiles, { ...place, sizeOfLatent: sizeFunction(activation) });
  }

  async decode(latents: SparseActivations, input?: Tensor): Promise<Tensor> {
    const { decoder, decoderBias, inputNorm, skip } = this.#weights;
    const width = decoder.shape[1];
    const out = new Float32Array(latents.shape[0] * width);
    for (let start = 0; start < out.length; start += width) out.set(decoderBias, start);
    const directions = new Map<number, Float32Array>();
    for await (const { from, to } of slices(latents.latents.length, Math.ceil(productsPerTurn / width))) {
      for (let i = from; i < to; i++) {
        const start = latents.positions[i] * width;
        const direction = directions.get(latents.latents[i]) ?? this.#decoderRow(latents.latents[i]);
        directions.set(latents.latents[i], direction);
        for (let j = 0; j < width; j++) out[start + j] += latents.values[i] * direction[j];
      }
    }
    const decoded = tensor(out, [latents.shape[0], width]);
    if (inputNorm) denormalise(decoded, this.#inputOf(latents, input), inputNorm);
    if (skip) {
      const skipped = await this.#skipped(this.#inputOf(latents, input), skip);
      for (let i = 0; i < out.length; i++) out[i] += skipped[i];
    }
    return decoded;
  }

  /** `input · skipᵀ`. */
  async #skipped(input: Tensor, skip: Tensor): Promise<Float32Array> {
    this.#skipSession ??= openProduct(skip, { path: this.name, threads: this.#threads });
    const session = await this.#skipSession;
    const x = tensor(input.data, [input.data.length / this.dModel, this.dModel]);
    return (await session.run({ x })).get("product")?.data as Float32Array;
  }

  decoderRow(index: number): Float32Array {
    this.#check(index);
    return this.#decoderRow(index);
  }

  encoderRow(index: number): Float32Array {
    this.#check(index);
    return this.#encoderRow(index);
  }

  #check(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.dSae) return;
    throw new RangeError(
      `Cannot take latent ${index} of "${this.name}": it has latents 0 to ${this.dSae - 1}`,
    );
  }

  async close(): Promise<void> {
    const open = [this.#session, this.#skipSession];
    [this.#session, this.#skipSession] = [undefined, undefined];
    // One that could not be opened has said so to its caller.
    for (const session of open) await (await session?.catch(() => undefined))?.close();
  }

  #open() {
    this.#session ??= this.#build();
    return this.#session;
  }

  async #build(): Promise<OnnxSession> {
    const builder = graphBuilder();
    const x = builder.input("x", ["position", this.dModel]);
    const model = builder.build(appendEncoder(builder, this.#weights, x));
    const { encoder } = this.#weights;
    const folder = isStored(encoder) ? outsideRoot(encoder.place.file) : undefined;
    return await openSession(model, { path: this.name, folder, threads: this.#threads });
  }

  /** Number of positions in `[…, d_model]`. */
  #positions({ data, shape }: Tensor): number {
    if (shape.at(-1) === this.dModel) return data.length / this.dModel;
    throw new RangeError(
      `Cannot encode with "${this.name}": the activations are [${shape.join(", ")}], [..., ${this.dModel}] is wanted; check that the coder was trained on this model`,
    );
  }

  #inputOf(latents: SparseActivations, input: Tensor | undefined): Tensor {
    if (!input) {
      throw new TypeError(
        `Cannot decode with "${this.name}": it ${this.#weights.skip ? "has a skip connection" : "normalises its input"}, so give the input as second argument`,
      );
    }
    const positions = this.#positions(input);
    if (positions === latents.shape[0]) return input;
    throw new RangeError(
      `Cannot decode with "${this.name}": the latents are of ${latents.shape[0]} positions, the input of ${positions}`,
    );
  }
}

/** A latent's value from how far it is above its threshold, or its gate's. */
export function sizeFunction(activation: Exclude<ActivationFunction, { kind: "topk" | "groupmax" }>) {
  if (activation.kind === "gated") {
    const { scale, shift } = activation;
    return (latent: number, excess: number) => excess * scale[latent] + shift[latent];
  }
  const { thresholds } = activation;
  return (latent: number, excess: number) => excess + Math.max(0, thresholds[latent]);
}

/** `x · matrixᵀ`, with `matrix` `[d_out, d_model]`. */
async function openProduct(
  { data, shape: [dOut, dIn] }: Tensor,
  options: { path: string; threads: number | undefined },
): Promise<OnnxSession> {
  const builder = graphBuilder();
  const x = builder.input("x", ["position", dIn]);
  const matrix = builder.weight("matrix", data, [dOut, dIn]);
  const [product] = builder.node("Gemm", [x, matrix], { attributes: { transB: 1 } });
  return await openSession(builder.build({ product }), options);
}
