/** The list in pieces of `length`, the last one perhaps shorter. */
export function chunks<T>(list: readonly T[], length: number): T[][] {
  const count = Math.ceil(list.length / length);
  return Array.from({ length: count }, (_, i) => list.slice(i * length, (i + 1) * length));
}
