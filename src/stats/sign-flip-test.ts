import { seededRandom } from "../random.js";

export interface SignFlipTest {
  /** Mean of the differences. */
  readonly difference: number;
  /** Chance of a mean as far from 0 or farther, if the sign of each difference were a coin's. */
  readonly pValue: number;
  /** Whether all sign patterns were counted; else `permutations` were drawn. */
  readonly exact: boolean;
}

/**
 * Permutation test of paired differences (score under one condition minus the other, per latent), two-sided, against the
 * hypothesis that they are symmetric around 0. All 2^n sign patterns where these are no more than `permutations`;
 * else patterns drawn at random, the observed one counted among them.
 *
 * @throws {RangeError} If there are no differences.
 * @see Fisher 1935; Phipson and Smyth 2010 (why the observed pattern counts).
 */
export function signFlipTest(
  differences: ArrayLike<number>,
  { permutations = 10_000, seed = 22 }: { permutations?: number; seed?: number | string } = {},
): SignFlipTest {
  const n = differences.length;
  if (n === 0) throw new RangeError("Cannot test no differences");
  const sizes = Float64Array.from(differences, Math.abs);
  const sum = Array.from(differences).reduce((total, number) => total + number, 0);
  const scale = sizes.reduce((total, size) => total + size, 0);
  // Sums of the same numbers in another order differ by rounding.
  const limit = Math.abs(sum) - 1e-12 * scale;
  const exact = 2 ** n <= permutations;
  const count = exact ? 2 ** n : permutations;
  const random = seededRandom(seed).fork("sign-flip");
  let asFar = 0;
  for (let i = 0; i < count; i++) {
    let bits = 0;
    let total = 0;
    for (let j = 0; j < n; j++) {
      if (j % 30 === 0) bits = exact ? i : random.integer(2 ** 30);
      total += bits & 1 ? sizes[j] : -sizes[j];
      bits >>>= 1;
    }
    if (Math.abs(total) >= limit) asFar++;
  }
  return { difference: sum / n, pValue: exact ? asFar / count : (asFar + 1) / (count + 1), exact };
}
