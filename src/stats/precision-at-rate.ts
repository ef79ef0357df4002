import type { ClassCounts } from "./balanced-accuracy.js";
import type { Estimate } from "./estimate.js";
import { ratioInterval } from "./ratio-interval.js";
import { wilson, z95 } from "./wilson.js";

export interface PrecisionAtRate extends Estimate {
  /** Whether no false positive was seen, so that `value` is 1 only for want of negatives: quote `interval[0]`. */
  readonly unbounded: boolean;
}

/**
 * Precision where positives are as rare as in the corpus: π·TPR / (π·TPR + (1 − π)·FPR). A latent that fires in 0.1 %
 * of windows turns a true positive rate of 0.9 with a false positive rate of 0.1 into a precision of 0.009.
 *
 * @param positive Positives judged right, of all; `negative` alike.
 * @param options.rate π, the share of windows in which the latent fires, in (0, 1).
 * @throws {RangeError} If a class is empty or `rate` is outside (0, 1).
 */
export function precisionAtRate(
  positive: ClassCounts,
  negative: ClassCounts,
  { rate, z = z95 }: { rate: number; z?: number },
): PrecisionAtRate {
  if (positive.answered === 0 || negative.answered === 0) {
    throw new RangeError("Cannot give a precision: one of the classes has no answered judgement");
  }
  const alarms = negative.answered - negative.right;
  const falsePositive = {
    value: alarms / negative.answered,
    interval: alarms === 0 ? ruleOfThree(negative.answered) : wilson(alarms, negative.answered, { z }),
  };
  const truePositive = {
    value: positive.right / positive.answered,
    interval: wilson(positive.right, positive.answered, { z }),
  };
  return precisionFromRates(truePositive, falsePositive, { rate });
}

/**
 * The same from rates that come with intervals, e.g. of `weightedRate`. Precision falls as FPR / TPR grows, so its
 * limits are those of that ratio (`ratioInterval`). Where nothing was called positive, the value is NaN and the interval all.
 */
export function precisionFromRates(
  truePositive: Estimate,
  falsePositive: Estimate,
  { rate }: { rate: number },
): PrecisionAtRate {
  if (!(rate > 0 && rate < 1)) {
    throw new RangeError(`Cannot give a precision at the rate ${rate}: it must be between 0 and 1`);
  }
  const unbounded = falsePositive.value === 0;
  const at = (ratio: number) => 1 / (1 + ((1 - rate) / rate) * ratio);
  if (truePositive.value === 0) return { value: unbounded ? Number.NaN : 0, interval: [0, 1], unbounded };
  const { value, interval } = ratioInterval(falsePositive, truePositive);
  return { value: at(value), interval: [at(interval[1]), at(interval[0])], unbounded };
}

/** What a rate may be after none was seen in `n`: 0 to 3/n, for e^-3 is 5 %. */
export function ruleOfThree(n: number): [number, number] {
  return [0, Math.min(1, 3 / n)];
}
