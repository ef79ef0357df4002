import type { Estimate } from "./estimate.js";
import { type MeanWithError, mean } from "./mean.js";
import { studentCdf, studentQuantile } from "./student-t.js";

/** Error of a difference of two independent numbers, and its degrees of freedom. */
export interface JointError {
  readonly standardError: number;
  /** NaN where there is no error. */
  readonly degrees: number;
}

/** @see Welch 1947; Satterthwaite 1946 for the degrees of freedom. */
export function jointError(...numbers: readonly Omit<MeanWithError, "mean">[]): JointError {
  const variances = numbers.map(({ standardError }) => standardError ** 2);
  const total = variances.reduce((sum, variance) => sum + variance, 0);
  const spread = variances.reduce((sum, variance, i) => sum + variance ** 2 / (numbers[i].count - 1), 0);
  return { standardError: Math.sqrt(total), degrees: total ** 2 / spread };
}

/**
 * Difference of the means of two independent samples whose variances may differ, first minus second.
 *
 * @returns With its 95 % interval and two-sided p-value, by Welch's t.
 * @throws {RangeError} If a sample is empty.
 */
export function welchTest(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): Estimate & { readonly pValue: number } {
  const [a, b] = [mean(first), mean(second)];
  const value = a.mean - b.mean;
  const { standardError, degrees } = jointError(a, b);
  if (standardError === 0) return { value, interval: [value, value], pValue: value === 0 ? 1 : 0 };
  const half = studentQuantile(0.975, degrees) * standardError;
  const pValue = 2 * studentCdf(-Math.abs(value) / standardError, degrees);
  return { value, interval: [value - half, value + half], pValue };
}
