/**
 * The `p`-quantile of numbers, by linear interpolation between order statistics (Hyndman and Fan's type 7, the default of
 * numpy and R). Values that are NaN are not allowed.
 *
 * @param p In [0, 1].
 * @throws {RangeError} If there are no numbers, or `p` is outside [0, 1].
 */
export function quantile(numbers: ArrayLike<number>, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`Cannot take the quantile ${p}: it must be in [0, 1]`);
  if (numbers.length === 0) throw new RangeError("Cannot take a quantile of no numbers");
  const sorted = Float64Array.from(numbers).sort();
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (at - below) * (high - low);
}

/** The middle of numbers: their 0.5-quantile. @throws {RangeError} If there are none. */
export function median(numbers: ArrayLike<number>): number {
  return quantile(numbers, 0.5);
}
