/** Activations grouped by latent: those of latent `i` are at `offsets[i]` to `offsets[i + 1]`, by position. */
export interface GroupedRows {
  /** `[dSae + 1]`. */
  readonly offsets: Uint32Array;
  /** Counted through all contexts: context × contextLength + position. */
  readonly positions: Uint32Array;
  readonly activations: Float32Array;
}

/**
 * Groups rows that arrive by position into rows by latent: a stable counting sort, two passes over the
 * rows, so positions of a latent stay ascending.
 */
export function groupByLatent(
  dSae: number,
  {
    latents,
    positions,
    activations,
  }: { latents: Uint32Array; positions: Uint32Array; activations: Float32Array },
): GroupedRows {
  const rows = latents.length;
  const offsets = new Uint32Array(dSae + 1);
  for (let i = 0; i < rows; i++) (offsets[(latents[i] as number) + 1] as number)++;
  for (let i = 0; i < dSae; i++) (offsets[i + 1] as number) += offsets[i] as number;
  const next = offsets.slice();
  const grouped = { offsets, positions: new Uint32Array(rows), activations: new Float32Array(rows) };
  for (let i = 0; i < rows; i++) {
    const to = (next[latents[i] as number] as number)++;
    grouped.positions[to] = positions[i] as number;
    grouped.activations[to] = activations[i] as number;
  }
  return grouped;
}
