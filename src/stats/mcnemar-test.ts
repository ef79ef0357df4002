import { binomialCdf } from "./binomial-cdf.js";

export interface McNemarTest {
  /** Judgements that only the first got right, and only the second. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Two-sided; 1 where the two never differ. */
  readonly pValue: number;
}

/**
 * Exact test of two conditions on the same judgements of one latent: of those that exactly one got right, is it the
 * same one more often than a coin would have it?
 *
 * @param first Whether each judgement was right; `second` alike, in the same order.
 * @throws {RangeError} If the lists differ in length.
 * @see McNemar 1947, with the binomial distribution in place of χ².
 */
export function mcnemarTest(first: readonly boolean[], second: readonly boolean[]): McNemarTest {
  if (first.length !== second.length) {
    throw new RangeError(`Cannot pair ${first.length} judgements with ${second.length}`);
  }
  const onlyFirst = first.filter((right, i) => right && !second[i]).length;
  const onlySecond = first.filter((right, i) => !right && second[i]).length;
  const fewer = Math.min(onlyFirst, onlySecond);
  const pValue = Math.min(1, 2 * binomialCdf(fewer, onlyFirst + onlySecond, 0.5));
  return { onlyFirst, onlySecond, pValue };
}
