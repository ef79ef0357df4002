import type { Estimate } from "./estimate.js";
import { z95 } from "./wilson.js";

/**
 * Agreement of two raters beyond chance: (p_o − p_e) / (1 − p_e), chance from each rater's own shares.
 *
 * @param first Labels of one rater; `second` those of the other on the same items.
 * @returns At most 1; 0 is chance. The interval is asymptotic: for fewer than some 30 items, bootstrap. NaN where both
 *   gave one and the same label throughout.
 * @throws {RangeError} If the lists differ in length or are empty.
 * @see Cohen 1960; Fleiss, Cohen and Everitt 1969 for the error.
 */
export function cohenKappa<T>(
  first: readonly T[],
  second: readonly T[],
  { z = z95 }: { z?: number } = {},
): Estimate {
  const n = first.length;
  if (n === 0 || n !== second.length) {
    throw new RangeError(`Cannot compare ${n} labels with ${second.length}: give one or more pairs`);
  }
  const labels = [...new Set([...first, ...second])];
  const share = (list: readonly T[], label: T) => list.filter((other) => other === label).length / n;
  const row = labels.map((label) => share(first, label));
  const column = labels.map((label) => share(second, label));
  const observed = first.filter((label, i) => label === second[i]).length / n;
  const chance = row.reduce((sum, p, i) => sum + p * column[i], 0);
  const kappa = (observed - chance) / (1 - chance);
  const half = (z * kappaError(first, second, { labels, row, column, observed, chance })) / Math.sqrt(n);
  return { value: kappa, interval: [Math.max(-1, kappa - half), Math.min(1, kappa + half)] };
}

interface Shares<T> {
  labels: readonly T[];
  row: readonly number[];
  column: readonly number[];
  observed: number;
  chance: number;
}

/** √n times the standard error of kappa. */
function kappaError<T>(
  first: readonly T[],
  second: readonly T[],
  { labels, row, column, observed, chance }: Shares<T>,
): number {
  const n = first.length;
  const kappa = (observed - chance) / (1 - chance);
  const at = new Map(labels.map((label, i) => [label, i]));
  let [agreeing, differing] = [0, 0];
  first.forEach((label, k) => {
    const i = at.get(label) as number;
    const j = at.get(second[k]) as number;
    if (i === j) agreeing += (1 - (row[i] + column[i]) * (1 - kappa)) ** 2 / n;
    else differing += (column[i] + row[j]) ** 2 / n;
  });
  const variance = agreeing + (1 - kappa) ** 2 * differing - (kappa - chance * (1 - kappa)) ** 2;
  return Math.sqrt(Math.max(0, variance)) / (1 - chance);
}
