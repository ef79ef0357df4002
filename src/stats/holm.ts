/**
 * P-values adjusted so that the chance of any false discovery among them stays below the level they are compared with
 * (Holm 1979), in the order given. Holds under any dependence.
 *
 * @throws {RangeError} If a p-value is outside [0, 1].
 */
export function holm(pValues: readonly number[]): number[] {
  const n = pValues.length;
  const adjusted = new Array<number>(n);
  let least = 0;
  ascending(pValues).forEach((index, rank) => {
    least = Math.max(least, Math.min(1, (n - rank) * pValues[index]));
    adjusted[index] = least;
  });
  return adjusted;
}

/** Indices of p-values, least first. @throws {RangeError} If one is outside [0, 1]. */
export function ascending(pValues: readonly number[]): number[] {
  const wrong = pValues.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`Cannot adjust the p-value ${wrong}: it must be in [0, 1]`);
  return pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
}
