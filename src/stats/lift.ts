import type { Estimate } from "./estimate.js";
import { type MeanWithError, mean } from "./mean.js";
import { ratioInterval } from "./ratio-interval.js";
import { studentQuantile } from "./student-t.js";
import { type JointError, jointError } from "./welch-test.js";
import { wilson } from "./wilson.js";

/**
 * How much of the way from a null's score to a perfect one a score goes: (s − s₀) / (1 − s₀). 0 is no better than the
 * null, 1 perfect, below 0 worse.
 *
 * @param score In [0, 1], with its interval; `baseline` alike, measured independently. The interval is that of the ratio of
 *   what is missing, (1 − s) / (1 − s₀), by `ratioInterval`.
 * @throws {RangeError} If the null is perfect.
 */
export function lift(score: Estimate, baseline: Estimate): Estimate {
  if (baseline.value >= 1) throw new RangeError("Cannot give a lift over a null that is perfect");
  const missing = ratioInterval(complement(score), complement(baseline));
  return { value: 1 - missing.value, interval: [1 - missing.interval[1], 1 - missing.interval[0]] };
}

/**
 * The same over latents that have both scores: of the means, with an interval over the pairs, since a latent that is easy is
 * easy for the null, too. It is that of the logarithm of what is missing, (1 − s) / (1 − s₀), by Student's t: scores near 1
 * are skewed, and few of them are enough on this scale.
 *
 * @returns `undefined` where there is none: all nulls are perfect, or there are no pairs. The interval holds its level from
 *   three pairs on; one pair leaves it open, and scores that are all perfect have the lower limit that Wilson gives as many
 *   successes.
 * @throws {RangeError} If the lists differ in length.
 * @see Hedges, Gurevitch and Curtis 1999, on logarithms of ratios of means; the error is that of the delta method, with pairs.
 */
export function meanLift(scores: ArrayLike<number>, nulls: ArrayLike<number>): Estimate | undefined {
  if (scores.length !== nulls.length) {
    throw new RangeError(`Cannot pair ${scores.length} scores with ${nulls.length} nulls`);
  }
  if (scores.length === 0) return undefined;
  const [own, other] = [missing(scores), missing(nulls)];
  if (other.mean <= 0) return undefined;
  const shares = Array.from(scores, (score, i) => (1 - score) / own.mean - (1 - nulls[i]) / other.mean);
  const { standardError } = mean(shares);
  return liftOf(own, other, { standardError, degrees: scores.length - 1 });
}

/**
 * The same over latents of their own: of the means of two lists, one number for each latent.
 *
 * @returns `undefined` where there is none: the null's mean is perfect, or a list is empty.
 */
export function unpairedLift(scores: ArrayLike<number>, nulls: ArrayLike<number>): Estimate | undefined {
  if (scores.length === 0 || nulls.length === 0) return undefined;
  const [own, other] = [missing(scores), missing(nulls)];
  if (other.mean <= 0) return undefined;
  const relative = ({ count, mean, standardError }: MeanWithError) => ({
    count,
    standardError: standardError / mean,
  });
  return liftOf(own, other, jointError(relative(own), relative(other)));
}

/** What is missing of perfect scores, on average. */
function missing(scores: ArrayLike<number>): MeanWithError {
  return mean(Array.from(scores, (score) => 1 - score));
}

/** @param error Of log(own / other). */
function liftOf(own: MeanWithError, other: MeanWithError, error: JointError): Estimate {
  const ratio = own.mean / other.mean;
  if (ratio === 0) {
    const most = 1 - wilson(own.count, own.count)[0];
    return { value: 1, interval: [1 - most / other.mean, 1] };
  }
  const { standardError, degrees } = error;
  if (Number.isNaN(standardError)) return { value: 1 - ratio, interval: [Number.NEGATIVE_INFINITY, 1] };
  const half = standardError > 0 ? studentQuantile(0.975, degrees) * standardError : 0;
  return { value: 1 - ratio, interval: [1 - ratio * Math.exp(half), 1 - ratio * Math.exp(-half)] };
}

function complement({ value, interval: [low, high] }: Estimate): Estimate {
  return { value: 1 - value, interval: [1 - high, 1 - low] };
}
