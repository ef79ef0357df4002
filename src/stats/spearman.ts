import { pearson } from "./pearson.js";
import { ranks } from "./ranks.js";

/**
 * Spearman's rank correlation: Pearson's correlation of the midranks.
 *
 * @returns In [-1, 1]; NaN where one side does not vary.
 * @throws {RangeError} If the lists differ in length or have fewer than two numbers.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return pearson(ranks(x), ranks(y));
}
