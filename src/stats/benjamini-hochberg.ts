import { ascending } from "./holm.js";

/**
 * P-values adjusted so that, of those below the level they are compared with, the expected share of false discoveries
 * stays below it (Benjamini and Hochberg 1995), in the order given. For hundreds of latents. Holds for independent
 * and positively dependent tests.
 *
 * @throws {RangeError} If a p-value is outside [0, 1].
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const n = pValues.length;
  const adjusted = new Array<number>(n);
  const order = ascending(pValues);
  let most = 1;
  for (let rank = n; rank >= 1; rank--) {
    const index = order[rank - 1];
    most = Math.min(most, (n / rank) * pValues[index]);
    adjusted[index] = most;
  }
  return adjusted;
}
