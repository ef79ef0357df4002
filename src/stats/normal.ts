/**
 * Cumulative distribution of the standard normal, to about 1e-15 absolute and with relative precision in the
 * lower tail: a series of odd powers in the middle, a continued fraction in the tails.
 *
 * @see Abramowitz and Stegun 26.2.11 (series) and 26.2.14 (fraction).
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  if (z > 3) return 1 - normalCdf(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return z < -3 ? density / tailFraction(-z) : 0.5 + density * centralSeries(z);
}

function centralSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return sum;
}

/** z + 1/(z + 2/(z + 3/(z + …))), from the inside out. */
function tailFraction(z: number): number {
  let value = z;
  for (let k = 160; k >= 1; k--) value = z + k / value;
  return value;
}

/**
 * The number below which a standard normal falls with chance `p`: Newton's method on `normalCdf`, each step taken
 * on the logarithm, so that it converges from the tails, too.
 *
 * @param p In [0, 1]; 0 and 1 give the infinities.
 * @throws {RangeError} If `p` is outside.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`Cannot take the normal quantile ${p}: it must be in [0, 1]`);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  let z = p < 0.02 ? -Math.sqrt(-2 * Math.log(p)) : 0;
  for (let step = 0; step < 60; step++) {
    const below = normalCdf(z);
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const change = (Math.log(below / p) * below) / density;
    z -= change;
    if (Math.abs(change) < 1e-14 * Math.max(1, Math.abs(z))) break;
  }
  return z;
}
