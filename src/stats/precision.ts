import type { Confusion } from "./confusion.js";

/**
 * Of what was called positive, the share that is. It depends on the share of positives among what was judged:
 * for the latent's own share take `precisionAtRate`.
 *
 * @returns In [0, 1]; NaN where nothing was called positive.
 */
export function precision({ truePositives, falsePositives }: Confusion): number {
  return truePositives / (truePositives + falsePositives);
}
