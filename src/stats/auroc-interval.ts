import { auroc } from "./auroc.js";
import type { Estimate } from "./estimate.js";
import { z95 } from "./wilson.js";

/**
 * AUROC with an interval that stays in [0, 1] and has a width at 0 and 1: all areas from which the one found is no more
 * than `z` standard errors away, the error being that of the area supposed. Ties make it too wide, never too narrow.
 *
 * @throws {RangeError} If a class is empty.
 * @see Newcombe 2006, Statistics in Medicine 25:559, method 5; the variance is Hanley and McNeil's (1982).
 */
export function aurocInterval(
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
  { z = z95 }: { z?: number } = {},
): Estimate {
  const value = auroc(positives, negatives);
  const [m, n] = [positives.length, negatives.length];
  const far = (area: number) => (value - area) ** 2 > z * z * variance(area, m, n);
  return { value, interval: [limit(far, value, 0), limit(far, value, 1)] };
}

function variance(area: number, m: number, n: number): number {
  const others = (m + n) / 2 - 1;
  const spread = (1 - area) / (2 - area) + area / (1 + area);
  return (area * (1 - area) * (1 + others * spread)) / (m * n);
}

/** Where, on the way from `near` to `end`, `far` begins to hold: by halving, to 1e-12. */
function limit(far: (area: number) => boolean, near: number, end: number): number {
  let [inside, outside] = [near, end];
  for (let i = 0; i < 40; i++) {
    const middle = (inside + outside) / 2;
    if (far(middle)) outside = middle;
    else inside = middle;
  }
  return inside;
}
