import { wilson, z95 } from "./wilson.js";

/** How often judgements of one class were right. */
export interface ClassCounts {
  readonly right: number;
  readonly answered: number;
}

/**
 * Balanced accuracy: the mean of the share of positives judged right and the share of negatives judged right.
 * Guessing gives 0.5 whatever the classes' sizes.
 *
 * @throws {RangeError} If a class is empty.
 */
export function balancedAccuracy(positive: ClassCounts, negative: ClassCounts): number {
  return (shareOf(positive) + shareOf(negative)) / 2;
}

/**
 * Interval of balanced accuracy by Newcombe's square-and-add, here for a sum: each rate has its Wilson
 * interval, and the distances from rate to limit are joined as √(d₁² + d₂²), halved as the rates are.
 *
 * @returns `[low, high]` within [0, 1].
 * @throws {RangeError} If a class is empty.
 * @see Newcombe 1998 (method 10, for differences); Zou and Donner 2008 (MOVER: sums).
 */
export function balancedAccuracyInterval(
  positive: ClassCounts,
  negative: ClassCounts,
  { z = z95 }: { z?: number } = {},
): [number, number] {
  const value = balancedAccuracy(positive, negative);
  const rates = [positive, negative].map((counts) => {
    const [low, high] = wilson(counts.right, counts.answered, { z });
    return { down: shareOf(counts) - low, up: high - shareOf(counts) };
  });
  const join = (side: "down" | "up") => Math.hypot(...rates.map((rate) => rate[side])) / 2;
  return [Math.max(0, value - join("down")), Math.min(1, value + join("up"))];
}

function shareOf({ right, answered }: ClassCounts): number {
  if (answered > 0) return right / answered;
  throw new RangeError("Cannot give a balanced accuracy: one of the classes has no answered judgement");
}
