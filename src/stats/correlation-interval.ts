import type { Estimate } from "./estimate.js";
import { z95 } from "./wilson.js";

/**
 * Interval of a correlation by Fisher's z: tanh(atanh r ± z·error).
 *
 * @param r Of `n` pairs, in [-1, 1].
 * @param options.kind `spearman` widens the error by √(1 + r²/2). Default: `pearson`.
 * @returns `[-1, 1]` where `n` is below 4.
 * @throws {RangeError} If `r` is outside [-1, 1].
 * @see Fisher 1921; Bonett and Wright 2000 for Spearman.
 */
export function correlationInterval(
  r: number,
  n: number,
  { kind = "pearson", z = z95 }: { kind?: "pearson" | "spearman"; z?: number } = {},
): Estimate {
  if (!(r >= -1 && r <= 1)) throw new RangeError(`Cannot give an interval of the correlation ${r}`);
  if (n < 4) return { value: r, interval: [-1, 1] };
  const half = (z * (kind === "spearman" ? Math.sqrt(1 + (r * r) / 2) : 1)) / Math.sqrt(n - 3);
  return { value: r, interval: [Math.tanh(Math.atanh(r) - half), Math.tanh(Math.atanh(r) + half)] };
}
