import type { Estimate } from "./estimate.js";
import { studentQuantile } from "./student-t.js";

export interface ClusteredMean extends Estimate {
  readonly count: number;
  readonly clusters: number;
  readonly standardError: number;
}

/**
 * Mean of numbers that come in clusters (judgements of a latent, windows of a document), with an error that counts
 * clusters: √(G/(G−1) · Σ_g (Σ_i (x_i − mean))²) / n. With one number per cluster it is the usual error of the mean.
 *
 * @param clusters To which cluster each number belongs.
 * @returns The interval is by Student's t with G − 1 degrees of freedom; of a single cluster it is infinite.
 * @throws {RangeError} If there are no numbers, or the lists differ in length.
 * @see Miller 2024 (arXiv 2411.00640, 2.2), with statsmodels' correction for few clusters.
 */
export function clusteredMean(
  numbers: ArrayLike<number>,
  clusters: ArrayLike<number | string>,
  { level = 0.95 }: { level?: number } = {},
): ClusteredMean {
  const count = numbers.length;
  if (count === 0 || count !== clusters.length) {
    throw new RangeError(`Cannot take the mean of ${count} numbers in ${clusters.length} clusters`);
  }
  const values = Float64Array.from(numbers);
  const value = values.reduce((total, number) => total + number, 0) / count;
  const sums = new Map<number | string, number>();
  values.forEach((number, i) => {
    sums.set(clusters[i], (sums.get(clusters[i]) ?? 0) + number - value);
  });
  const groups = sums.size;
  const squares = [...sums.values()].reduce((total, sum) => total + sum * sum, 0);
  const standardError =
    groups > 1 ? Math.sqrt((groups / (groups - 1)) * squares) / count : Number.POSITIVE_INFINITY;
  const half = groups > 1 ? studentQuantile((1 + level) / 2, groups - 1) * standardError : standardError;
  return { value, interval: [value - half, value + half], count, clusters: groups, standardError };
}
