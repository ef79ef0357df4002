import { ranks } from "./ranks.js";

/**
 * Area under the ROC curve: the chance that a positive is given a higher value than a negative, ties counted half.
 *
 * @returns In [0, 1]; 0.5 is chance.
 * @throws {RangeError} If a class is empty.
 * @see Mann and Whitney 1947; computed from midranks.
 */
export function auroc(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  const [m, n] = [positives.length, negatives.length];
  if (m === 0 || n === 0) {
    throw new RangeError(`Cannot give an AUROC of ${m} positives and ${n} negatives: both are needed`);
  }
  const all = ranks([...Array.from(positives), ...Array.from(negatives)]);
  const sum = all.subarray(0, m).reduce((total, rank) => total + rank, 0);
  return (sum - (m * (m + 1)) / 2) / (m * n);
}
