/**
 * The last stage of a cache: runs into one file per column, grouped by latent. It goes through the
 * latents in ranges that fit in memory; the slice of a range is contiguous in every run, so all reading
 * and writing is sequential. Runs are in order of position, so their slices are simply joined; a latent that does
 * not fit in memory is taken some runs at a time.
 */
import type { GroupedRows } from "./grouped-rows.js";
import { type GroupedFiles, type GroupedOptions, GroupedWriter } from "./grouped-writer.js";
import { type Run, RunReader } from "./run-file.js";

/** Rows held in memory at once: 8 bytes each, and as much again for a run's slice. */
const rowsInMemory = 1 << 20;

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
    const offsets = await totalOffsets(readers, options.dSae);
    for (const range of ranges(readers, offsets)) {
      await writer.add(await mergeRange(range), range);
      options.onRows?.(writer.rows);
    }
    return await writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  } finally {
    for (const reader of readers) reader.close();
  }
}

async function totalOffsets(readers: readonly RunReader[], dSae: number): Promise<Float64Array> {
  const offsets = new Float64Array(dSae + 1);
  for (const reader of readers) {
    const own = reader.offsets(0, dSae);
    for (let i = 0; i <= dSae; i++) (offsets[i] as number) += own[i] as number;
    await new Promise(setImmediate);
  }
  return offsets;
}

/** Rows that are merged at once. */
interface Range {
  /** Latents, the last excluded. */
  readonly from: number;
  readonly to: number;
  readonly readers: readonly RunReader[];
  /** Whether the latent has rows in earlier runs, which were merged before. */
  readonly continues: boolean;
}

function* ranges(readers: readonly RunReader[], offsets: Float64Array): Generator<Range> {
  for (let from = 0; from + 1 < offsets.length; ) {
    const to = rangeEnd(offsets, from);
    const rows = (offsets[to] as number) - (offsets[from] as number);
    if (rows <= rowsInMemory) yield { from, to, readers, continues: false };
    else yield* partsOfLatent(readers, from);
    from = to;
  }
}

/** The largest range from `from` whose rows fit in memory; one latent at least. */
function rangeEnd(offsets: Float64Array, from: number): number {
  let to = from + 1;
  const limit = (offsets[from] as number) + rowsInMemory;
  while (to + 1 < offsets.length && (offsets[to + 1] as number) <= limit) to++;
  return to;
}

/** A latent by so many runs as fit in memory; one at least. */
function* partsOfLatent(readers: readonly RunReader[], latent: number): Generator<Range> {
  const range = { from: latent, to: latent + 1 };
  let [begin, rows] = [0, 0];
  for (const [i, reader] of readers.entries()) {
    const [from, to] = reader.offsets(latent, latent + 1) as unknown as [number, number];
    if (rows > 0 && rows + to - from > rowsInMemory) {
      yield { ...range, readers: readers.slice(begin, i), continues: begin > 0 };
      [begin, rows] = [i, 0];
    }
    rows += to - from;
  }
  yield { ...range, readers: readers.slice(begin), continues: begin > 0 };
}

async function mergeRange({ from, to, readers }: Range): Promise<GroupedRows> {
  const parts = readers.map((reader) => reader.offsets(from, to));
  const offsets = new Uint32Array(to - from + 1);
  for (const part of parts) {
    for (let i = 0; i <= to - from; i++) (offsets[i] as number) += (part[i] as number) - (part[0] as number);
  }
  const rows = offsets[to - from] as number;
  const merged = { offsets, positions: new Uint32Array(rows), activations: new Float32Array(rows) };
  const next = offsets.slice();
  for (const [i, reader] of readers.entries()) {
    place(reader, parts[i] as Uint32Array, { next, merged });
    await new Promise(setImmediate);
  }
  return merged;
}

/** Copies a run's rows of a range to where they belong; `next`, where each latent's next row goes, is moved on. */
function place(
  reader: RunReader,
  offsets: Uint32Array,
  { next, merged }: { next: Uint32Array; merged: GroupedRows },
): void {
  const [start, end] = [offsets[0] as number, offsets.at(-1) as number];
  const positions = reader.positions(start, end);
  const activations = reader.activations(start, end);
  for (let i = 0; i + 1 < offsets.length; i++) {
    const to = (offsets[i + 1] as number) - start;
    let at = next[i] as number;
    for (let row = (offsets[i] as number) - start; row < to; row++, at++) {
      merged.positions[at] = positions[row] as number;
      merged.activations[at] = activations[row] as number;
    }
    next[i] = at;
  }
}
