export interface MeanWithError {
  readonly count: number;
  readonly mean: number;
  /** Standard error of the mean, s / √n with s² over n − 1; NaN for a single number. */
  readonly standardError: number;
}

/**
 * Mean and its standard error. Over latents the latent is the unit: pass one number per latent.
 *
 * @throws {RangeError} If there are no numbers.
 */
export function mean(numbers: ArrayLike<number>): MeanWithError {
  const count = numbers.length;
  if (count === 0) throw new RangeError("Cannot take the mean of no numbers");
  const values = Float64Array.from(numbers);
  const middle = values.reduce((total, value) => total + value, 0) / count;
  const squares = values.reduce((total, value) => total + (value - middle) ** 2, 0);
  return { count, mean: middle, standardError: Math.sqrt(squares / (count - 1) / count) };
}
