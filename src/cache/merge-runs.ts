/**
 * The last stage of a cache: runs into one file per column, grouped by latent. It goes through the
 * latents in ranges that fit in memory; the slice of a range is contiguous in every run, so all reading
 * and writing is sequential. Runs are in order of position, so their slices are simply joined.
 */
import type { GroupedRows } from "./grouped-rows.js";
import { type GroupedFiles, type GroupedOptions, GroupedWriter } from "./grouped-writer.js";
import { type Run, RunReader } from "./run-file.js";

/** Rows held in memory at once: 8 bytes each, and as much again for the runs' slices. */
const rowsInMemory = 1 << 22;

export interface MergeOptions extends GroupedOptions {
  /** Called between ranges with the number of rows done. */
  onRows?: (rows: number) => void;
}

/** Writes the activations of all runs as `GroupedWriter` lays them out. */
export async function mergeRuns(
  directory: string,
  runs: readonly Run[],
  options: MergeOptions,
): Promise<GroupedFiles> {
  const readers: RunReader[] = [];
  const writer = new GroupedWriter(directory, options);
  try {
    for (const run of runs) readers.push(new RunReader(run, options.dSae));
    const offsets = totalOffsets(readers, options.dSae);
    for (let from = 0; from < options.dSae; ) {
      const to = rangeEnd(offsets, from);
      writer.add(mergeRange(readers, from, to));
      from = to;
      options.onRows?.(offsets[to] as number);
      await new Promise(setImmediate);
    }
    return writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  } finally {
    for (const reader of readers) reader.close();
  }
}

function totalOffsets(readers: readonly RunReader[], dSae: number): Float64Array {
  const offsets = new Float64Array(dSae + 1);
  for (const reader of readers) {
    const own = reader.offsets(0, dSae);
    for (let i = 0; i <= dSae; i++) (offsets[i] as number) += own[i] as number;
  }
  return offsets;
}

/** The largest range from `from` whose rows fit in memory; one latent at least. */
function rangeEnd(offsets: Float64Array, from: number): number {
  let to = from + 1;
  const limit = (offsets[from] as number) + rowsInMemory;
  while (to + 1 < offsets.length && (offsets[to + 1] as number) <= limit) to++;
  return to;
}

function mergeRange(readers: readonly RunReader[], from: number, to: number): GroupedRows {
  const slices = readers.map((reader) => {
    const offsets = reader.offsets(from, to);
    const [start, end] = [offsets[0] as number, offsets[to - from] as number];
    return {
      offsets,
      start,
      positions: reader.positions(start, end),
      activations: reader.activations(start, end),
    };
  });
  const offsets = new Uint32Array(to - from + 1);
  for (const slice of slices) {
    for (let i = 0; i <= to - from; i++) (offsets[i] as number) += (slice.offsets[i] as number) - slice.start;
  }
  const rows = offsets[to - from] as number;
  const merged = { offsets, positions: new Uint32Array(rows), activations: new Float32Array(rows) };
  const next = offsets.slice();
  for (const slice of slices) {
    for (let i = 0; i < to - from; i++) {
      const end = (slice.offsets[i + 1] as number) - slice.start;
      let at = next[i] as number;
      for (let row = (slice.offsets[i] as number) - slice.start; row < end; row++, at++) {
        merged.positions[at] = slice.positions[row] as number;
        merged.activations[at] = slice.activations[row] as number;
      }
      next[i] = at;
    }
  }
  return merged;
}
