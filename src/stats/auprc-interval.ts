import { auprc } from "./auprc.js";
import type { Estimate } from "./estimate.js";
import { wilson, z95 } from "./wilson.js";

/**
 * Average precision with a 95 % interval: the jackknife of each class, on the scale of log-odds, where the estimate is
 * nearer to normal than on its own (a bootstrap repeats values, which makes the area too large). Where less than one positive's
 * worth is missing, leaving one out shows too little of what another sample would miss: the interval is then at least Wilson's
 * of as many positives, that share of them found. Of a class of one nothing is known: the interval is [0, 1].
 *
 * @throws {RangeError} If a class is empty.
 * @see Boyd, Eng and Page 2013, "Area under the precision-recall curve: point estimates and confidence intervals", for the
 *   scale; their variance is not used.
 */
export function auprcInterval(positives: readonly number[], negatives: readonly number[]): Estimate {
  const value = auprc(positives, negatives);
  const m = positives.length;
  if (m < 2 || negatives.length < 2) return { value, interval: [0, 1] };
  const [low, high] = jackknifed(positives, negatives);
  if (1 - value >= 1 / m) return { value, interval: [low, high] };
  const [least, most] = wilson(value * m, m);
  return { value, interval: [Math.min(low, least), value === 1 ? 1 : Math.max(high, most)] };
}

function jackknifed(positives: readonly number[], negatives: readonly number[]): [number, number] {
  const m = positives.length;
  // A perfect area has no log-odds: it counts as if half of the least that can be missing were.
  const most = 1 - 1 / (2 * m * (m + 1));
  const logit = (some: readonly number[], others: readonly number[]) => {
    const area = Math.min(most, auprc(some, others));
    return Math.log(area / (1 - area));
  };
  const variance =
    jackknife(positives, (left) => logit(left, negatives)) +
    jackknife(negatives, (left) => logit(positives, left));
  const half = z95 * Math.sqrt(variance);
  const area = (x: number) => 1 / (1 + Math.exp(-x));
  const middle = logit(positives, negatives);
  return [area(middle - half), area(middle + half)];
}

/** Variance that a list's sampling gives a statistic. */
function jackknife(values: readonly number[], statistic: (left: readonly number[]) => number): number {
  const n = values.length;
  const without = values.map((_, i) => statistic(values.toSpliced(i, 1)));
  const mean = without.reduce((sum, x) => sum + x, 0) / n;
  return without.reduce((sum, x) => sum + (x - mean) ** 2, 0) * ((n - 1) / n);
}
