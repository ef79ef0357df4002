/** Coders that were never trained, to compare latents with. */
import type { SubjectModel } from "../model/subject-model.js";
import { seededRandom } from "../random.js";
import { type Tensor, tensor } from "../tensor.js";
import { bothSides, directionCoder, widthOf } from "./direction-coder.js";
import { gaussian } from "./random-rotation.js";
import type { SparseCoder } from "./sparse-coder.js";

export interface RandomCoderOptions {
  /** Number of latents. Default: 16 for each dimension. */
  dSae?: number | undefined;
  /** Latents kept at each position. Default: 32. */
  k?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
  threads?: number | undefined;
}

/**
 * A top-k coder with random directions: rows of the encoder are Gaussian, of length 1, the decoder
 * is the same, biases are 0. What a trained coder explains beyond it was learned. Paper, appendix G.3.
 *
 * @throws {HookpointError} If the model lacks the hookpoint.
 * @throws {RangeError} If `dSae` or `k` is impossible.
 */
export function randomCoder(
  model: SubjectModel,
  hookpoint: string,
  { dSae, k = 32, seed = 22, threads }: RandomCoderOptions = {},
): SparseCoder {
  const width = widthOf(model, hookpoint);
  const latents = dSae ?? 16 * width;
  if (!(Number.isSafeInteger(latents) && latents >= 1 && Number.isSafeInteger(k))) {
    throw new RangeError(
      `Cannot make a random coder of ${latents} latents that keeps ${k}: whole numbers from 1 are wanted`,
    );
  }
  const random = seededRandom(seed).fork("random coder");
  const directions = unitRows(gaussian(random, latents * width), width);
  return directionCoder(model, {
    hookpoint,
    kind: `random ${latents} seed ${seed}`,
    directions,
    activation: { kind: "topk", k },
    threads,
  });
}

/**
 * The hookpoint's own axes as latents: latent i is how far dimension i lies above 0, latent
 * `width + i` how far below, so the reconstruction is exact. Half of all latents fire at each position.
 *
 * @throws {HookpointError} If the model lacks the hookpoint.
 */
export function identityCoder(
  model: SubjectModel,
  hookpoint: string,
  options: { threads?: number | undefined } = {},
): SparseCoder {
  const width = widthOf(model, hookpoint);
  const axes = new Float32Array(width * width);
  for (let i = 0; i < width; i++) axes[i * width + i] = 1;
  return directionCoder(model, {
    hookpoint,
    kind: "identity",
    directions: bothSides(tensor(axes, [width, width])),
    activation: { kind: "threshold", name: "identity", thresholds: new Float32Array(2 * width) },
    threads: options.threads,
  });
}

function unitRows(numbers: Float32Array, width: number): Tensor {
  for (let start = 0; start < numbers.length; start += width) {
    const row = numbers.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < width; i++) row[i] /= length;
  }
  return tensor(numbers, [numbers.length / width, width]);
}
