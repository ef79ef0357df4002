import { seededRandom } from "../random.js";
import { pearson } from "./pearson.js";

export interface SplitHalfOptions {
  /** Random halvings to average over. Default: 100. */
  splits?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
}

/**
 * How far a score over again would rank latents alike: the items of each latent are halved at random, the halves' means
 * are correlated over latents, and Spearman and Brown's 2r / (1 + r) tells what the full length gives.
 *
 * @param items For each latent its items, e.g. 1 for a right judgement and 0 for a wrong one; two or more.
 * @returns At most 1; the mean over the halvings.
 * @throws {RangeError} If there are fewer than two latents, or one has fewer than two items.
 * @see Spearman 1910; Brown 1910.
 */
export function splitHalfReliability(
  items: readonly (readonly number[])[],
  { splits = 100, seed = 22 }: SplitHalfOptions = {},
): number {
  if (items.length < 2 || items.some((list) => list.length < 2)) {
    throw new RangeError("Cannot halve scores: two or more latents with two or more items each are wanted");
  }
  const random = seededRandom(seed).fork("split-half");
  let sum = 0;
  for (let split = 0; split < splits; split++) {
    const halves = items.map((list) => {
      const shuffled = random.shuffle(list);
      const middle = Math.floor(list.length / 2);
      return [meanOf(shuffled.slice(0, middle)), meanOf(shuffled.slice(middle))];
    });
    const r = pearson(
      halves.map(([first]) => first),
      halves.map(([, second]) => second),
    );
    sum += (2 * r) / (1 + r);
  }
  return sum / splits;
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
