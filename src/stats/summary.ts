import { quantile } from "./quantile.js";

/** What the paper's tables give for a score over latents: `median (lower to upper quartile)`. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** The 0.25-quantile. */
  readonly lower: number;
  /** The 0.75-quantile. */
  readonly upper: number;
}

/** Median and quartiles (type 7). @throws {RangeError} If there are no numbers. */
export function summary(numbers: ArrayLike<number>): Summary {
  return {
    count: numbers.length,
    median: quantile(numbers, 0.5),
    lower: quantile(numbers, 0.25),
    upper: quantile(numbers, 0.75),
  };
}
