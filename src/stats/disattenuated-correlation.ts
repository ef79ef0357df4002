import { correlationInterval } from "./correlation-interval.js";
import type { Estimate } from "./estimate.js";
import { pearson } from "./pearson.js";

export interface DisattenuatedCorrelation extends Estimate {
  /** Pearson's correlation as measured, with Fisher's interval. */
  readonly measured: Estimate;
}

/**
 * Correlation of two scores over latents as it would be without their noise: r / √(reliability · reliability). Value and
 * limits are divided alike, so the interval takes the reliabilities as known; it may exceed 1 where they are low.
 *
 * @param options.reliabilities Of the two scores, in (0, 1], e.g. by `splitHalfReliability`.
 * @throws {RangeError} If the lists differ in length, or a reliability is not in (0, 1].
 * @see Spearman 1904.
 */
export function disattenuatedCorrelation(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { reliabilities, z }: { reliabilities: readonly [number, number]; z?: number },
): DisattenuatedCorrelation {
  for (const reliability of reliabilities) {
    if (reliability > 0 && reliability <= 1) continue;
    throw new RangeError(
      `Cannot correct a correlation for the reliability ${reliability}: it must be in (0, 1]`,
    );
  }
  const measured = correlationInterval(pearson(x, y), x.length, z === undefined ? {} : { z });
  const ceiling = Math.sqrt(reliabilities[0] * reliabilities[1]);
  const [low, high] = measured.interval;
  return { value: measured.value / ceiling, interval: [low / ceiling, high / ceiling], measured };
}
