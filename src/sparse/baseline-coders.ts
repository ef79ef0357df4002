/** Coders that were never trained, to compare latents with. */
import { createHash } from "node:crypto";
import { HookpointError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { type Random, seededRandom } from "../random.js";
import { type Tensor, tensor } from "../tensor.js";
import type { CoderWeights } from "./coder-weights.js";
import type { SparseCoder } from "./sparse-coder.js";
import { weightedCoder } from "./weighted-coder.js";

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
  return baseline(model, {
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
  const axes = new Float32Array(2 * width * width);
  for (let i = 0; i < width; i++) {
    axes[i * width + i] = 1;
    axes[(width + i) * width + i] = -1;
  }
  return baseline(model, {
    hookpoint,
    kind: "identity",
    directions: tensor(axes, [2 * width, width]),
    activation: { kind: "threshold", name: "identity", thresholds: new Float32Array(2 * width) },
    threads: options.threads,
  });
}

interface Baseline extends Pick<CoderWeights, "hookpoint" | "activation"> {
  readonly kind: string;
  readonly directions: Tensor;
  readonly threads: number | undefined;
}

function baseline(model: SubjectModel, { hookpoint, kind, directions, activation, threads }: Baseline) {
  const [dSae, width] = directions.shape;
  const weights: CoderWeights = {
    hookpoint,
    hookpointOut: hookpoint,
    activation,
    encoder: directions,
    encoderBias: new Float32Array(dSae),
    decoder: directions,
    decoderBias: new Float32Array(width),
    subtractsDecoderBias: false,
    skip: undefined,
  };
  const size = "k" in activation ? `k ${activation.k}` : "";
  const hash = createHash("sha256").update(`${model.hash} ${hookpoint} ${kind} ${size}`).digest("hex");
  return weightedCoder(weights, { name: `${model.name}/${hookpoint} ${kind}`, hash, threads });
}

function widthOf(model: SubjectModel, hookpoint: string): number {
  const found = model.hookpoints.find(({ name }) => name === hookpoint);
  if (found) return found.width;
  throw new HookpointError(
    `Cannot make a coder for "${hookpoint}" of "${model.name}": the model has no such hookpoint; choose one of model.hookpoints`,
    model.hookpoints.map(({ name }) => name),
  );
}

/** Box and Muller's method. */
function gaussian({ random }: Random, count: number): Float32Array {
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    numbers[i] = radius * Math.cos(angle);
    if (i + 1 < count) numbers[i + 1] = radius * Math.sin(angle);
  }
  return numbers;
}

function unitRows(numbers: Float32Array, width: number): Tensor {
  for (let start = 0; start < numbers.length; start += width) {
    const row = numbers.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < width; i++) row[i] /= length;
  }
  return tensor(numbers, [numbers.length / width, width]);
}
