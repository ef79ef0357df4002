/** Two-sided 95 % of the standard normal distribution. */
export const z95 = 1.959963984540054;

/**
 * Wilson's score interval of a proportion: where the true share lies when `successes` of `n` are seen. Unlike the
 * textbook interval it stays in [0, 1] and holds its level for small `n` and extreme shares.
 *
 * @returns `[low, high]`; `[0, 1]` where `n` is 0.
 * @throws {RangeError} If `successes` is not in [0, n].
 * @see Wilson 1927; Newcombe 1998 (method 3, no continuity correction).
 */
export function wilson(successes: number, n: number, { z = z95 }: { z?: number } = {}): [number, number] {
  if (!(successes >= 0 && successes <= n)) {
    throw new RangeError(
      `Cannot give an interval for ${successes} of ${n}: the first must be from 0 to the second`,
    );
  }
  if (n === 0) return [0, 1];
  const share = successes / n;
  const centre = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}
