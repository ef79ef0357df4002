/** An encoder's rows in 8-bit integers, each with a step of its own. */
import type { Tensor } from "../tensor.js";

/** Of an 8-bit integer, either sign. */
export const largestInteger = 127;
const tiny = 1e-20;

export interface QuantisedRows {
  /** `[d_model, latent]`. */
  readonly integers: Int8Array;
  /** Of each latent: an integer times this is a weight. */
  readonly steps: Float32Array;
  /** Length of each latent's weights, and of what rounding did to them; both times `share`. */
  readonly lengths: Float32Array;
  readonly errors: Float32Array;
}

/**
 * What each dimension's weights are multiplied with, and its activations divided by, before they are rounded: where
 * activations are large, weights take a part of that, and neither has dimensions that drown the others
 * (the idea of SmoothQuant, Xiao et al. 2023, arXiv 2211.10438, with typical instead of largest sizes).
 *
 * @param spread Typical size of the activations, `[d_model]`.
 */
export function balanceOf({ data, shape }: Tensor, spread: Float32Array): Float32Array {
  const [rows, width] = shape;
  const squares = new Float64Array(width);
  for (let start = 0; start < data.length; start += width) {
    for (let i = 0; i < width; i++) squares[i] += data[start + i] ** 2;
  }
  return spread.map((size, i) => Math.sqrt((size + tiny) / (Math.sqrt(squares[i] / rows) + tiny)));
}

/** Rows `[start, start + width)` of an encoder `[d_sae, d_model]`. */
export function quantisedRows(
  { data, shape }: Tensor,
  { start, width }: { start: number; width: number },
  { balance, share }: { balance: Float32Array; share: number },
): QuantisedRows {
  const dModel = shape[1];
  const integers = new Int8Array(dModel * width);
  const [steps, lengths, errors] = [0, 0, 0].map(() => new Float32Array(width));
  for (let j = 0; j < width; j++) {
    const row = balance.map((factor, i) => factor * data[(start + j) * dModel + i]);
    const step = row.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), tiny) / largestInteger;
    let [length, error] = [0, 0];
    for (let i = 0; i < dModel; i++) {
      const integer = Math.round(row[i] / step);
      integers[i * width + j] = integer;
      length += row[i] ** 2;
      error += (row[i] - integer * step) ** 2;
    }
    steps[j] = step;
    lengths[j] = share * Math.sqrt(length);
    errors[j] = share * Math.sqrt(error);
  }
  return { integers, steps, lengths, errors };
}
