import { seededRandom } from "../random.js";
import { type Confusion, classCounts } from "./confusion.js";
import type { Estimate } from "./estimate.js";
import { gammaDraw } from "./gamma-draw.js";
import { quantile } from "./quantile.js";

export interface ConfusionIntervalOptions {
  /** Default: 22. */
  seed?: number | string | undefined;
  /** Number of draws. Default: 4,000. */
  draws?: number | undefined;
  /** Share of the draws inside. Default: 0.95. */
  level?: number | undefined;
}

/**
 * Any metric of a confusion with an interval, for independent judgements of classes whose sizes were chosen: the two
 * rates are drawn from their Jeffreys posteriors, Beta(right + ½, wrong + ½), the metric is computed on the
 * expected counts, and the interval holds the middle of the draws. Unlike a bootstrap it has a width where a
 * class was judged without mistakes. Where judgements come in clusters (windows of a document), use `bootstrap`.
 *
 * @param metric E.g. `f1`, `mcc`, `precision`.
 * @throws {RangeError} If a class is empty.
 * @see Brown, Cai and DasGupta 2001 (Jeffreys' interval of one proportion).
 */
export function confusionInterval(
  counts: Confusion,
  metric: (counts: Confusion) => number,
  { seed = 22, draws = 4000, level = 0.95 }: ConfusionIntervalOptions = {},
): Estimate {
  const { positive, negative } = classCounts(counts);
  if (positive.answered === 0 || negative.answered === 0) {
    throw new RangeError("Cannot give an interval of a confusion: one of the classes has no judgement");
  }
  const random = seededRandom(seed).fork("confusion");
  const rate = ({ right, answered }: { right: number; answered: number }) => {
    const a = gammaDraw(right + 0.5, random);
    return a / (a + gammaDraw(answered - right + 0.5, random));
  };
  const values = Array.from({ length: draws }, () => {
    const truePositives = rate(positive) * positive.answered;
    const trueNegatives = rate(negative) * negative.answered;
    return metric({
      truePositives,
      falseNegatives: positive.answered - truePositives,
      falsePositives: negative.answered - trueNegatives,
      trueNegatives,
    });
  });
  const tail = (1 - level) / 2;
  const value = metric(counts);
  // The draws stay below 1 where all is right; the limit is then the value itself, as for Jeffreys' interval.
  const low = Math.min(value, quantile(values, tail));
  return { value, interval: [low, Math.max(value, quantile(values, 1 - tail))] };
}
