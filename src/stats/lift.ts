import { type BootstrapEstimate, type BootstrapOptions, bootstrap } from "./bootstrap.js";
import { clusteredMean } from "./clustered-mean.js";
import type { Estimate } from "./estimate.js";
import { ratioInterval } from "./ratio-interval.js";

/**
 * How much of the way from a null's score to a perfect one a score goes: (s − s₀) / (1 − s₀). 0 is no better than the
 * null, 1 perfect, below 0 worse.
 *
 * @param score In [0, 1], with its interval; `baseline` alike, measured independently. The interval is that of the ratio of
 *   what is missing, (1 − s) / (1 − s₀), by `ratioInterval`.
 * @throws {RangeError} If the null is perfect.
 */
export function lift(score: Estimate, baseline: Estimate): Estimate {
  if (baseline.value >= 1) throw new RangeError("Cannot give a lift over a null that is perfect");
  const missing = ratioInterval(complement(score), complement(baseline));
  return { value: 1 - missing.value, interval: [1 - missing.interval[1], 1 - missing.interval[0]] };
}

/**
 * The same over latents that have both scores: of the means, with a bootstrap interval over the pairs, since a latent
 * that is easy is easy for the null, too.
 *
 * @throws {RangeError} If the lists differ in length or are empty, or all nulls are perfect.
 */
export function meanLift(
  scores: ArrayLike<number>,
  nulls: ArrayLike<number>,
  options: Omit<BootstrapOptions<unknown>, "cluster" | "stratum"> = {},
): BootstrapEstimate {
  if (scores.length !== nulls.length) {
    throw new RangeError(`Cannot pair ${scores.length} scores with ${nulls.length} nulls`);
  }
  const pairs = Array.from(scores, (score, i) => [score, nulls[i]] as const);
  return bootstrap(pairs, liftOfMeans, options);
}

/**
 * The same over latents of their own: of the means of two lists, one number for each latent.
 *
 * @returns `undefined` where there is none: the null's mean is perfect, or a list is empty.
 */
export function unpairedLift(scores: ArrayLike<number>, nulls: ArrayLike<number>): Estimate | undefined {
  if (scores.length === 0 || nulls.length === 0) return undefined;
  const [score, baseline] = [scores, nulls].map((values) =>
    clusteredMean(
      values,
      Array.from(values, (_, i) => i),
    ),
  );
  return baseline.value < 1 ? lift(score, baseline) : undefined;
}

function liftOfMeans(pairs: readonly (readonly [number, number])[]): number {
  const gained = pairs.reduce((sum, [score, baseline]) => sum + score - baseline, 0);
  const possible = pairs.reduce((sum, [, baseline]) => sum + 1 - baseline, 0);
  return possible > 0 ? gained / possible : Number.NaN;
}

function complement({ value, interval: [low, high] }: Estimate): Estimate {
  return { value: 1 - value, interval: [1 - high, 1 - low] };
}
