import type { ClassCounts } from "./balanced-accuracy.js";
import type { Estimate } from "./estimate.js";
import { wilson, z95 } from "./wilson.js";

/** Judgements of one kind, and how often the kind occurs where the rate is meant for. */
export interface Stratum extends ClassCounts {
  /** >= 0; relative to the others. */
  readonly weight: number;
}

/**
 * A rate over kinds that were judged in other shares than they occur in: Σ w·rate / Σ w, with an interval by
 * square-and-add of the kinds' Wilson distances. E.g. the true positive rate over quantiles, or of answers to
 * negatives that are mostly random windows in the corpus and half hard ones in the test.
 *
 * @throws {RangeError} If no kind has a weight, or one that has lacks judgements.
 * @see Zou and Donner 2008 (MOVER for sums).
 */
export function weightedRate(strata: readonly Stratum[], { z = z95 }: { z?: number } = {}): Estimate {
  const counted = strata.filter(({ weight }) => weight > 0);
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  if (counted.length === 0 || counted.some(({ answered }) => answered === 0)) {
    throw new RangeError("Cannot give a weighted rate: every kind with a weight needs answered judgements");
  }
  let [value, down, up] = [0, 0, 0];
  for (const { right, answered, weight } of counted) {
    const [low, high] = wilson(right, answered, { z });
    const share = weight / total;
    value += (share * right) / answered;
    down = Math.hypot(down, share * (right / answered - low));
    up = Math.hypot(up, share * (high - right / answered));
  }
  return { value, interval: [Math.max(0, value - down), Math.min(1, value + up)] };
}
