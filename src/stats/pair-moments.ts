/**
 * Sums over pairs of numbers: enough for their correlation and their regression line, and they add up, so that windows
 * of tokens can be pooled, drawn again and left out without another look at the tokens.
 */
export interface PairMoments {
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
}

/** @throws {RangeError} If the lists differ in length. */
export function pairMoments(x: ArrayLike<number>, y: ArrayLike<number>): PairMoments {
  if (x.length !== y.length) throw new RangeError(`Cannot pair ${x.length} numbers with ${y.length}`);
  const sums = { count: x.length, x: 0, y: 0, xx: 0, yy: 0, xy: 0 };
  for (let i = 0; i < x.length; i++) {
    sums.x += x[i];
    sums.y += y[i];
    sums.xx += x[i] * x[i];
    sums.yy += y[i] * y[i];
    sums.xy += x[i] * y[i];
  }
  return sums;
}

/** The moments of all pairs together. */
export function pooled(moments: readonly PairMoments[]): PairMoments {
  const sums = { count: 0, x: 0, y: 0, xx: 0, yy: 0, xy: 0 };
  for (const { count, x, y, xx, yy, xy } of moments) {
    sums.count += count;
    sums.x += x;
    sums.y += y;
    sums.xx += xx;
    sums.yy += yy;
    sums.xy += xy;
  }
  return sums;
}

/** Pearson's correlation; NaN where one side does not vary. */
export function correlation({ count, x, y, xx, yy, xy }: PairMoments): number {
  const [varX, varY] = [varies(xx, x, count), varies(yy, y, count)];
  if (varX === 0 || varY === 0) return Number.NaN;
  return Math.min(1, Math.max(-1, (xy - (x * y) / count) / Math.sqrt(varX * varY)));
}

/**
 * Share of the variance of y that a line through x explains in pairs that the line was not fitted to: each half of the
 * groups is predicted by the other half's line. 0 is as good as the mean, below 0 worse; NaN where y does not vary.
 *
 * @param halfOf 0 or 1. Default: by turns.
 */
export function crossFittedVariance<T extends PairMoments>(
  groups: readonly T[],
  halfOf: (group: T, i: number) => number = (_, i) => i % 2,
): number {
  const halves = [0, 1].map((half) => pooled(groups.filter((group, i) => halfOf(group, i) === half)));
  const { count, y, yy } = pooled(halves);
  const errors = halves.reduce((sum, half, i) => sum + squaredError(half, lineOf(halves[1 - i])), 0);
  return 1 - errors / varies(yy, y, count);
}

interface Line {
  readonly slope: number;
  readonly offset: number;
}

/** The least-squares line; flat where x does not vary. */
function lineOf({ count, x, y, xx, xy }: PairMoments): Line {
  const varX = varies(xx, x, count);
  const slope = varX === 0 ? 0 : (xy - (x * y) / count) / varX;
  return { slope, offset: (y - slope * x) / count };
}

function squaredError({ count, x, y, xx, yy, xy }: PairMoments, { slope, offset }: Line): number {
  return (
    yy - 2 * (offset * y + slope * xy) + count * offset * offset + 2 * offset * slope * x + slope * slope * xx
  );
}

/** Sum of squared distances from the mean, 0 where it is but rounding. */
function varies(squares: number, sum: number, count: number): number {
  const spread = squares - (sum * sum) / count;
  return spread > 1e-12 * squares ? spread : 0;
}
