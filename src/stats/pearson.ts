/**
 * Pearson's correlation of pairs of numbers.
 *
 * @returns In [-1, 1]; NaN where one side does not vary, as no correlation exists then.
 * @throws {RangeError} If the lists differ in length or have fewer than two numbers.
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  if (n !== y.length || n < 2) {
    throw new RangeError(`Cannot correlate ${n} numbers with ${y.length}: give two or more pairs`);
  }
  const meanX = sum(x) / n;
  const meanY = sum(y) / n;
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const dx = (x[i] as number) - meanX;
    const dy = (y[i] as number) - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  if (xx === 0 || yy === 0) return Number.NaN;
  return Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy)));
}

function sum(numbers: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i] as number;
  return total;
}
