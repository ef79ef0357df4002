import { regularizedBeta } from "./regularized-beta.js";

/** Chance of at most `successes` in `n` trials, each with chance `p`. */
export function binomialCdf(successes: number, n: number, p: number): number {
  if (successes < 0) return 0;
  if (successes >= n) return 1;
  return regularizedBeta(1 - p, n - successes, successes + 1);
}
