import { type Slice, slices } from "../slices.js";

/** Activations grouped by latent: those of latent `i` are at `offsets[i]` to `offsets[i + 1]`, by position. */
export interface GroupedRows {
  /** `[dSae + 1]`. */
  readonly offsets: Uint32Array;
  /** Counted through all contexts: context × contextLength + position. */
  readonly positions: Uint32Array;
  readonly activations: Float32Array;
}

/** Activations by position, with the latent of each. */
export interface UngroupedRows {
  readonly latents: Uint32Array;
  readonly positions: Uint32Array;
  readonly activations: Float32Array;
}

/**
 * Groups rows that arrive by position into rows by latent: a stable counting sort, two passes over the
 * rows, so positions of a latent stay ascending.
 */
export async function groupByLatent(dSae: number, rows: UngroupedRows): Promise<GroupedRows> {
  const { length } = rows.latents;
  const offsets = new Uint32Array(dSae + 1);
  for await (const slice of slices(length)) countLatents(offsets, rows.latents, slice);
  for (let i = 0; i < dSae; i++) (offsets[i + 1] as number) += offsets[i] as number;
  const grouped = { offsets, positions: new Uint32Array(length), activations: new Float32Array(length) };
  const next = offsets.slice();
  for await (const slice of slices(length)) place(rows, slice, { next, grouped });
  return grouped;
}

/** Adds to `counts[i + 1]` the rows of latent i. */
function countLatents(counts: Uint32Array, latents: Uint32Array, { from, to }: Slice): void {
  for (let row = from; row < to; row++) (counts[(latents[row] as number) + 1] as number)++;
}

/** @param places `next`: where the next row of each latent goes; is moved on. */
function place(
  { latents, positions, activations }: UngroupedRows,
  { from, to }: Slice,
  { next, grouped }: { next: Uint32Array; grouped: GroupedRows },
): void {
  for (let row = from; row < to; row++) {
    const at = (next[latents[row] as number] as number)++;
    grouped.positions[at] = positions[row] as number;
    grouped.activations[at] = activations[row] as number;
  }
}
