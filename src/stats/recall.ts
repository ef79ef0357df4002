import type { Confusion } from "./confusion.js";

/** Of the positives, the share that was called so (the true positive rate). In [0, 1]; NaN where there are none. */
export function recall({ truePositives, falseNegatives }: Confusion): number {
  return truePositives / (truePositives + falseNegatives);
}
