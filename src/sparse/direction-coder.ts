import { createHash } from "node:crypto";
import { HookpointError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import type { Tensor } from "../tensor.js";
import type { ActivationFunction } from "./coder-weights.js";
import type { SparseCoder } from "./sparse-coder.js";
import { weightedCoder } from "./weighted-coder.js";

export interface Directions {
  readonly hookpoint: string;
  /** Says all that the coder depends on: name and hash are made of it. */
  readonly kind: string;
  /** `[d_sae, width]`: what latents read and write, orthogonal or random, of length 1. */
  readonly directions: Tensor;
  /** What is subtracted first and added at the end, `[width]`. Default: nothing. */
  readonly centre?: Float32Array | undefined;
  readonly activation: ActivationFunction;
  readonly threads?: number | undefined;
}

/** A coder whose encoder and decoder are the same directions of a hookpoint. */
export function directionCoder(model: SubjectModel, options: Directions): SparseCoder {
  const { hookpoint, kind, directions, centre, activation, threads } = options;
  const [dSae, width] = directions.shape;
  const size = "k" in activation ? `k ${activation.k}` : "";
  return weightedCoder(
    {
      hookpoint,
      hookpointOut: hookpoint,
      activation,
      encoder: directions,
      encoderBias: new Float32Array(dSae),
      decoder: directions,
      decoderBias: centre ?? new Float32Array(width),
      subtractsDecoderBias: centre !== undefined,
      skip: undefined,
    },
    {
      name: `${model.name}/${hookpoint} ${kind}`,
      hash: createHash("sha256").update(`${model.hash} ${hookpoint} ${kind} ${size}`).digest("hex"),
      threads,
    },
  );
}

/** Each direction, then each the other way round: latent `i + rows` is the opposite of latent `i`. */
export function bothSides({ data, shape: [rows, width] }: Tensor): Tensor {
  const doubled = new Float32Array(2 * data.length);
  doubled.set(data);
  for (let i = 0; i < data.length; i++) doubled[data.length + i] = -data[i];
  return { data: doubled, shape: [2 * rows, width] };
}

/** @throws {HookpointError} If the model lacks the hookpoint. */
export function widthOf(model: SubjectModel, hookpoint: string): number {
  const found = model.hookpoints.find(({ name }) => name === hookpoint);
  if (found) return found.width;
  throw new HookpointError(
    `Cannot make a coder for "${hookpoint}" of "${model.name}": the model has no such hookpoint; choose one of model.hookpoints`,
    model.hookpoints.map(({ name }) => name),
  );
}
