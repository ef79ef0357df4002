import type { Random } from "../random.js";

/**
 * A number drawn from the gamma distribution of scale 1. Two of them make a beta draw: a / (a + b).
 *
 * @param shape > 0.
 * @see Marsaglia and Tsang 2000; for shapes below 1 with their factor u^(1/shape).
 */
export function gammaDraw(shape: number, random: Random): number {
  if (shape < 1) return gammaDraw(shape + 1, random) * random.random() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = normalDraw(random);
    const v = (1 + c * z) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.random()) < (z * z) / 2 + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A number drawn from the standard normal distribution (Box and Muller 1958). */
export function normalDraw(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.random()));
  return radius * Math.cos(2 * Math.PI * random.random());
}
