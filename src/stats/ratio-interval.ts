import type { Estimate } from "./estimate.js";

/**
 * Interval of the ratio of two independent estimates that are not negative, from their own intervals: the ratios R at
 * which `numerator − R · denominator`, with its distances joined by square-and-add, touches 0.
 *
 * @returns The upper limit is infinite where the denominator may be 0.
 * @throws {RangeError} If a value is negative, or the denominator's is 0.
 * @see Donner and Zou 2012 (MOVER-R), in the stable form of the quadratic's roots.
 */
export function ratioInterval(numerator: Estimate, denominator: Estimate): Estimate {
  const [a, b] = [numerator.value, denominator.value];
  if (!(a >= 0 && b > 0)) {
    throw new RangeError(`Cannot give an interval of the ratio ${a} / ${b}: both must be positive`);
  }
  const product = a * b;
  const root = (p: number, q: number) => Math.sqrt(Math.max(0, product * product - p * q));
  const [lowA, highA] = numerator.interval;
  const [lowB, highB] = denominator.interval;
  const low = (lowA * (2 * a - lowA)) / (product + root(lowA * (2 * a - lowA), highB * (2 * b - highB)));
  const scale = lowB * (2 * b - lowB);
  const high =
    scale > 0 ? (product + root(highA * (2 * a - highA), scale)) / scale : Number.POSITIVE_INFINITY;
  return { value: a / b, interval: [Number.isNaN(low) ? 0 : Math.max(0, low), high] };
}
