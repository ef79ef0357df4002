import { normalQuantile } from "./normal.js";
import { wilson } from "./wilson.js";

export interface LatentsNeededOptions {
  /** Standard deviation of the score between latents, from a pilot. */
  sd: number;
  /** Correlation of the two conditions over the same latents; `undefined` where each has latents of its own. */
  correlation?: number | undefined;
  /** Chance to see the difference. Default: 0.8. */
  power?: number | undefined;
  /** Two-sided level of the test. Default: 0.05. */
  level?: number | undefined;
}

/**
 * How many latents tell two mean scores apart that differ by `difference`: (z_level + z_power)² · variance / difference²,
 * where the variance of a pair is 2·sd²·(1 − correlation), and without pairs 2·sd² for each arm.
 *
 * @returns Pairs, or latents in each arm. Normal approximation: a few more for results below 20.
 * @throws {RangeError} If a number makes no sense.
 */
export function latentsNeeded(
  difference: number,
  { sd, correlation, power = 0.8, level = 0.05 }: LatentsNeededOptions,
): number {
  if (!(sd > 0) || difference === 0 || !Number.isFinite(difference)) {
    throw new RangeError(`Cannot plan for a difference of ${difference} with a deviation of ${sd}`);
  }
  if (correlation !== undefined && !(correlation >= -1 && correlation < 1)) {
    throw new RangeError(`Cannot plan for a correlation of ${correlation}: it must be in [-1, 1)`);
  }
  const z = normalQuantile(1 - level / 2) + normalQuantile(power);
  return Math.ceil((z * z * 2 * sd * sd * (1 - (correlation ?? 0))) / difference ** 2);
}

/**
 * How many judgements make Wilson's 95 % interval of a rate no wider than `halfWidth` to each side of its centre.
 *
 * @param rate Expected, in [0, 1]; 0.5 is the worst case.
 * @throws {RangeError} If `halfWidth` is not between 0 and 0.5, or `rate` outside [0, 1].
 */
export function judgementsNeeded(halfWidth: number, { rate = 0.5 }: { rate?: number } = {}): number {
  if (!(halfWidth > 0 && halfWidth < 0.5) || !(rate >= 0 && rate <= 1)) {
    throw new RangeError(`Cannot plan for a rate of ${rate} to within ${halfWidth}`);
  }
  const tooWide = (n: number) => {
    const [low, high] = wilson(rate * n, n);
    return (high - low) / 2 > halfWidth;
  };
  let high = 1;
  while (tooWide(high)) high *= 2;
  let low = high >> 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (tooWide(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** How many negatives, all judged right, bound the false positive rate by `bound`: the rule of three, 3 / bound. */
export function negativesNeeded(bound: number): number {
  if (bound > 0 && bound < 1) return Math.ceil(3 / bound);
  throw new RangeError(`Cannot plan for a false positive rate below ${bound}: it must be between 0 and 1`);
}
