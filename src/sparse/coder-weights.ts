import { FileError } from "../errors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type Tensor, tensor } from "../tensor.js";
import type { InputNorm } from "./input-norm.js";
import { floatPlace, storedMatrix } from "./stored-matrix.js";

/**
 * A sparse coder's weights in one form, whatever layout they came in:
 * `h = (norm?(x) − b_dec?) · encoderᵀ + encoderBias`, an activation function, `latents · decoder +
 * decoderBias`, the norm undone, `+ x · skipᵀ`.
 */
export interface CoderWeights {
  /** Where it reads and what it predicts. */
  readonly hookpoint: string;
  readonly hookpointOut: string;
  readonly activation: ActivationFunction;
  /** `[d_sae, d_model]`, one row per latent. */
  readonly encoder: Tensor;
  readonly encoderBias: Float32Array;
  /** `[d_sae, d_out]`, one row per latent. */
  readonly decoder: Tensor;
  readonly decoderBias: Float32Array;
  /** Whether `decoderBias` is subtracted from the input first. */
  readonly subtractsDecoderBias: boolean;
  /** What is done to each position of the input first, and undone at the end. Default: nothing. */
  readonly inputNorm?: InputNorm | undefined;
  /** `[d_out, d_model]`: what a transcoder passes on directly. */
  readonly skip: Tensor | undefined;
}

export type ActivationFunction =
  /** The k largest of `ReLU(h)` at each position; zeros are dropped. Gao et al. 2024. */
  | { readonly kind: "topk"; readonly k: number }
  /** The largest of `ReLU(h)` in each of k equal runs of latents; zeros are dropped (sparsify). */
  | { readonly kind: "groupmax"; readonly k: number }
  /**
   * `h` where it exceeds the latent's threshold and 0; thresholds below 0 act as 0. All zero is ReLU; one for each is JumpReLU
   * (Rajamanoharan et al. 2024); one for all is BatchTopK's form for inference (Bussmann et al.
   * 2024).
   */
  | { readonly kind: "threshold"; readonly name: string; readonly thresholds: Float32Array }
  /**
   * `ReLU(h · scale + shift)` where `h > 0`, one scale and shift for each latent: the gate's bias
   * is in `h`. Rajamanoharan et al. 2024, "Improving dictionary learning with gated SAEs".
   */
  | { readonly kind: "gated"; readonly scale: Float32Array; readonly shift: Float32Array };

/**
 * A gated coder's weights as trained: the gate `p + gateBias > 0` and the size
 * `ReLU(p · e^r + magnitudeBias)` share `p = x · encoderᵀ`.
 */
export function gatedActivation(
  gateBias: Float32Array,
  logScale: Float32Array,
  magnitudeBias: Float32Array,
): ActivationFunction {
  const scale = logScale.map(Math.exp);
  const shift = magnitudeBias.map((bias, i) => bias - gateBias[i] * scale[i]);
  return { kind: "gated", scale, shift };
}

/** What readers of layouts take besides the folder. */
export interface CoderOptions {
  /** Where it reads, if the files do not say or say it wrongly. */
  hookpoint?: string | undefined;
  /** What it predicts. Default: `hookpoint`, or for a transcoder what the files say. */
  hookpointOut?: string | undefined;
}

/** The activation function in words: `topk 16`, `jumprelu`. */
export function activationName(activation: ActivationFunction): string {
  if (activation.kind === "topk" || activation.kind === "groupmax") {
    return `${activation.kind} ${activation.k}`;
  }
  return activation.kind === "gated" ? "gated" : activation.name;
}

/** A matrix with rows and columns exchanged, in blocks that fit the cache. */
export function transpose({ data, shape }: Tensor): Tensor {
  const [rows, columns] = shape;
  const out = new Float32Array(data.length);
  const block = 64;
  for (let r0 = 0; r0 < rows; r0 += block) {
    for (let c0 = 0; c0 < columns; c0 += block) {
      const r1 = Math.min(rows, r0 + block);
      const c1 = Math.min(columns, c0 + block);
      for (let r = r0; r < r1; r++) {
        for (let c = c0; c < c1; c++) out[c * rows + r] = data[r * columns + c];
      }
    }
  }
  return tensor(out, [columns, rows]);
}

/**
 * One tensor of a weights file, of exactly this shape; a matrix stays in the file where it can.
 *
 * @throws {FileError} If it is missing, of another shape, or not of floating-point numbers.
 */
export async function readWeight(file: TensorFile, name: string, shape: readonly number[]): Promise<Tensor> {
  const found = await readFloats(file, name);
  if (found.shape.length === shape.length && found.shape.every((n, i) => n === shape[i])) return found;
  throw new FileError(
    `Cannot read "${name}" of "${file.name}": it is [${found.shape.join(", ")}], its configuration wants [${shape.join(", ")}]; check that both belong together`,
    file.name,
  );
}

/** A matrix whose shape says how wide the coder is, `[rows, columns]`; it stays in the file where it can. */
export async function readMatrix(file: TensorFile, name: string): Promise<Tensor> {
  const found = await readFloats(file, name);
  if (found.shape.length === 2) return found;
  throw new FileError(
    `Cannot read "${name}" of "${file.name}": it is [${found.shape.join(", ")}], a matrix is wanted`,
    file.name,
  );
}

async function readFloats(file: TensorFile, name: string): Promise<Tensor> {
  const { shape } = file.tensors.get(name) ?? { shape: [] };
  const place = shape.length === 2 ? await floatPlace(file, name) : undefined;
  return place ? storedMatrix(place, [shape[0], shape[1]]) : await file.float32(name);
}
