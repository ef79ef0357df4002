/**
 * Average precision, the area under the steps of the precision–recall curve: how well values rank positives first.
 * Equal values are one step.
 *
 * @param options.rate Share of positives that precision is computed for. Default: that of the lists. With the latent's
 *   natural rate each negative stands for many.
 * @returns In [0, 1]; `rate` is chance.
 * @throws {RangeError} If a class is empty, or `rate` is outside (0, 1).
 * @see scikit-learn's `average_precision_score`; no interpolation.
 */
export function auprc(
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
  { rate }: { rate?: number | undefined } = {},
): number {
  const [m, n] = [positives.length, negatives.length];
  if (m === 0 || n === 0) {
    throw new RangeError(`Cannot give an AUPRC of ${m} positives and ${n} negatives: both are needed`);
  }
  const share = rate ?? m / (m + n);
  if (!(share > 0 && share < 1)) {
    throw new RangeError(`Cannot give an AUPRC at the rate ${share}: it must be between 0 and 1`);
  }
  const up = Float64Array.from(positives).sort().reverse();
  const down = Float64Array.from(negatives).sort().reverse();
  let [area, hits, alarms] = [0, 0, 0];
  while (hits < m) {
    const limit = up[hits];
    const before = hits;
    while (hits < m && up[hits] === limit) hits++;
    while (alarms < n && down[alarms] >= limit) alarms++;
    const caught = (share * hits) / m;
    area += ((hits - before) / m) * (caught / (caught + ((1 - share) * alarms) / n));
  }
  // Shares of positives add up to a little more than 1.
  return Math.min(1, area);
}
