import { auprc } from "./auprc.js";
import type { Estimate } from "./estimate.js";
import { wilson } from "./wilson.js";

/** Of the normal distribution, for 95 %. */
const z = 1.959964;

/**
 * Average precision with a 95 % interval: the jackknife of each class, on the scale of log-odds, where the estimate is
 * nearer to normal than on its own (a bootstrap repeats values, which makes the area too large). A perfect ranking varies in no
 * sample of itself: its lower end is Wilson's for as many positives, all found.
 *
 * @throws {RangeError} If a class is empty.
 * @see Boyd, Eng and Page 2013, "Area under the precision-recall curve: point estimates and confidence intervals", for the
 *   scale; their variance is not used.
 */
export function auprcInterval(positives: readonly number[], negatives: readonly number[]): Estimate {
  const value = auprc(positives, negatives);
  if (value >= 1) return { value, interval: [wilson(positives.length, positives.length)[0], 1] };
  const logit = (area: number) => Math.log(area / (1 - area));
  const variance =
    jackknife(positives, (left) => logit(auprc(left, negatives))) +
    jackknife(negatives, (left) => logit(auprc(positives, left)));
  const half = z * Math.sqrt(variance);
  const area = (x: number) => 1 / (1 + Math.exp(-x));
  return { value, interval: [area(logit(value) - half), area(logit(value) + half)] };
}

/** Variance that a list's sampling gives a statistic; 0 of a list too short to leave one out, or where one out is perfect. */
function jackknife(values: readonly number[], statistic: (left: readonly number[]) => number): number {
  const n = values.length;
  if (n < 2) return 0;
  const without = values.map((_, i) => statistic(values.toSpliced(i, 1))).filter(Number.isFinite);
  const mean = without.reduce((sum, x) => sum + x, 0) / without.length;
  return without.reduce((sum, x) => sum + (x - mean) ** 2, 0) * ((n - 1) / n);
}
