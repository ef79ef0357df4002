import type { TensorFile } from "../formats/tensor-file.js";
import { type Tensor, tensor } from "../tensor.js";
import {
  type ActivationFunction,
  type CoderWeights,
  readMatrix,
  readWeight,
  transpose,
} from "./coder-weights.js";
import { columnsOf } from "./columns-of.js";

/** Where a file keeps the two matrices and two biases, and which of them lie the other way round. */
export interface LinearNames {
  readonly encoder: string;
  readonly encoderBias: string;
  readonly decoder: string;
  readonly decoderBias: string;
  /** Stored as `[d_model, d_sae]`. */
  readonly encoderTransposed?: boolean;
  /** Stored as `[d_out, d_sae]`. */
  readonly decoderTransposed?: boolean;
}

type LinearWeights = Pick<CoderWeights, "encoder" | "encoderBias" | "decoder" | "decoderBias">;

/**
 * The linear parts of a coder, one row per latent.
 *
 * @throws {FileError} If one is missing or their shapes do not belong together.
 */
export async function readLinearWeights(file: TensorFile, names: LinearNames): Promise<LinearWeights> {
  const stored = await readMatrix(file, names.encoder);
  const encoder = names.encoderTransposed ? columnsOf(stored) : stored;
  const [dSae] = encoder.shape;
  const written = await readMatrix(file, names.decoder);
  const dOut = written.shape[names.decoderTransposed ? 0 : 1];
  // Again with the shape that it must have: only the encoder says how many latents there are.
  const shape = names.decoderTransposed ? [dOut, dSae] : [dSae, dOut];
  const decoder = await readWeight(file, names.decoder, shape);
  return {
    encoder,
    encoderBias: (await readWeight(file, names.encoderBias, [dSae])).data,
    decoder: names.decoderTransposed ? transpose(decoder) : decoder,
    decoderBias: (await readWeight(file, names.decoderBias, [dOut])).data,
  };
}

/** Plain ReLU over `dSae` latents. */
export function relu(dSae: number): ActivationFunction {
  return { kind: "threshold", name: "relu", thresholds: new Float32Array(dSae) };
}

/** JumpReLU with one threshold for each latent. */
export function jumpRelu(thresholds: Float32Array): ActivationFunction {
  return { kind: "threshold", name: "jumprelu", thresholds };
}

/** Thresholds that a file stores for each latent, for all of them at once, or as logarithms. */
export async function readThresholds(
  file: TensorFile,
  name: string,
  { dSae, logarithms = false }: { dSae: number; logarithms?: boolean },
): Promise<Float32Array> {
  const stored = await file.float32(name);
  const each = stored.data.length === 1 ? new Float32Array(dSae).fill(stored.data[0]) : undefined;
  const thresholds = each ?? (await readWeight(file, name, [dSae])).data;
  return logarithms ? thresholds.map(Math.exp) : thresholds;
}

/** Every number times `factor`; `1` copies nothing. */
export function scaled(t: Tensor, factor: number): Tensor {
  return factor === 1
    ? t
    : tensor(
        t.data.map((x) => x * factor),
        t.shape,
      );
}
