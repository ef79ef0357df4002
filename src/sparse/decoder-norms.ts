import { type Tensor, tensor } from "../tensor.js";
import type { ActivationFunction, CoderWeights } from "./coder-weights.js";

/**
 * The same coder with decoder rows of length 1: latents are multiplied by the old lengths, what
 * is decoded stays. Rows of zeros stay. Selection by size (top-k) then sees the scaled latents.
 */
export function normaliseDecoder(weights: CoderWeights): CoderWeights {
  const { encoder, encoderBias, decoder, activation } = weights;
  const norms = rowNorms(decoder);
  const inverse = norms.map((norm) => 1 / norm);
  return {
    ...weights,
    encoder: scaleRows(encoder, norms),
    encoderBias: encoderBias.map((bias, i) => bias * norms[i]),
    decoder: scaleRows(decoder, inverse),
    activation: scaleActivation(activation, norms),
  };
}

function scaleActivation(activation: ActivationFunction, factors: Float32Array): ActivationFunction {
  const scaled = (numbers: Float32Array) => numbers.map((x, i) => x * factors[i]);
  if (activation.kind === "threshold") {
    return { ...activation, thresholds: scaled(activation.thresholds) };
  }
  return activation.kind === "gated" ? { ...activation, shift: scaled(activation.shift) } : activation;
}

/** The length of each row, 1 where it is 0. */
export function rowNorms({ data, shape }: Tensor): Float32Array {
  const [rows, columns] = shape;
  return Float32Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = i * columns; j < (i + 1) * columns; j++) sum += data[j] * data[j];
    return Math.sqrt(sum) || 1;
  });
}

function scaleRows({ data, shape }: Tensor, factors: Float32Array): Tensor {
  const columns = shape[1];
  const scaled = data.map((number, i) => number * factors[Math.floor(i / columns)]);
  return tensor(scaled, shape);
}
