import type { Confusion } from "./confusion.js";

/**
 * F1, the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). It depends on the class mix: saying yes to
 * everything gives 0.667 where half are positive.
 *
 * @returns In [0, 1]; NaN where there are no positives and nothing was called positive.
 */
export function f1({ truePositives, falsePositives, falseNegatives }: Confusion): number {
  return (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives);
}
