export interface ClusterOptions {
  /** At most so many groups. */
  most: number;
  /** Groups with fewer rows are joined to the nearest. */
  least: number;
  /** Groups whose rows are at least so alike on average are joined. */
  alike: number;
}

/**
 * Groups rows that are alike: each begins on its own, and the two groups with the highest mean likeness between their rows
 * are joined until none are alike enough (average linkage, Sokal and Michener 1958); then while there are too many groups or
 * one is too small. Time grows with the cube of the number of rows, which is meant for hundreds.
 *
 * @returns Row numbers by group, in order; the largest group first, of equal ones the one with the first row.
 */
export function clusterRows(
  count: number,
  likeness: (a: number, b: number) => number,
  { most, least, alike }: ClusterOptions,
): number[][] {
  const table = Array.from({ length: count }, (_, a) =>
    Float64Array.from({ length: count }, (_, b) => likeness(a, b)),
  );
  let groups = Array.from({ length: count }, (_, i) => [i]);
  const mean = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, i) => sum + b.reduce((part, j) => part + table[i][j], 0), 0) / (a.length * b.length);
  const nearest = (allowed: (group: readonly number[]) => boolean) => {
    let best: { a: number; b: number; value: number } | undefined;
    for (let a = 0; a < groups.length; a++) {
      for (let b = a + 1; b < groups.length; b++) {
        if (!allowed(groups[a]) && !allowed(groups[b])) continue;
        const value = mean(groups[a], groups[b]);
        if (!best || value > best.value) best = { a, b, value };
      }
    }
    return best;
  };
  const join = ({ a, b }: { a: number; b: number }) => {
    const both = [...groups[a], ...groups[b]].sort((i, j) => i - j);
    groups = [...groups.filter((_, i) => i !== a && i !== b), both];
  };
  for (let pair = nearest(() => true); pair && pair.value >= alike; pair = nearest(() => true)) join(pair);
  const isSmall = (group: readonly number[]) => group.length < least;
  for (let pair = nearest(isSmall); pair; pair = nearest(isSmall)) join(pair);
  for (let pair = nearest(() => true); pair && groups.length > most; pair = nearest(() => true)) join(pair);
  return groups.sort((a, b) => b.length - a.length || a[0] - b[0]);
}
