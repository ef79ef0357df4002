import { normalQuantile } from "./normal.js";
import { regularizedBeta } from "./regularized-beta.js";

/** Cumulative distribution of Student's t. */
export function studentCdf(t: number, degrees: number): number {
  const tail = regularizedBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/**
 * The number below which Student's t falls with chance `p`, by bisection.
 *
 * @param degrees Degrees of freedom, > 0.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  if (p === 0.5) return 0;
  let high = Math.max(1, normalQuantile(p));
  while (studentCdf(high, degrees) < p) high *= 2;
  let low = 0;
  for (let step = 0; step < 200 && high - low > 1e-13 * high; step++) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, degrees) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
