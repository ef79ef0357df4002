import type { Confusion } from "./confusion.js";

/**
 * Matthews' correlation coefficient: Pearson's correlation of truth and answer as zeros and ones.
 *
 * @returns In [-1, 1]; 0 is chance. Where all truths or all answers are equal no correlation exists, and it is 0, as in
 *   scikit-learn.
 */
export function mcc(counts: Confusion): number {
  const { truePositives: tp, falseNegatives: fn, falsePositives: fp, trueNegatives: tn } = counts;
  const margins = Math.sqrt((tp + fp) * (tp + fn)) * Math.sqrt((tn + fp) * (tn + fn));
  return margins === 0 ? 0 : (tp * tn - fp * fn) / margins;
}
