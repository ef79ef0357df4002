/**
 * The last stage of a cache: runs into one file per column, grouped by latent. It goes through the
 * latents in ranges that fit in memory; the slice of a range is contiguous in every run, so all reading
 * and writing is sequential. Runs are in order of position, so their slices are simply joined.
 */
import { join } from "node:path";
import { ArrayFileWriter, type FileRecord, writeArrayFile } from "./array-file.js";
import type { GroupedRows } from "./grouped-rows.js";
import { type Run, RunReader } from "./run-file.js";

/** Rows held in memory at once: 8 bytes each, and as much again for the runs' slices. */
const rowsInMemory = 1 << 22;

/** The tiles of the paper's windows, counted for each latent. */
const statisticsWindow = 32;

export interface MergeOptions {
  dSae: number;
  contextLength: number;
  /** Called between ranges with the number of rows done. */
  onRows?: (rows: number) => void;
}

/**
 * Writes `offsets.f64` [dSae + 1] (exact up to 2^53), `positions.u32`, `activations.f32`, and for each latent `max.f32`,
 * `sum.f64` and `windows.u32` (tiles of 32 positions in which it fires).
 */
export async function mergeRuns(
  directory: string,
  runs: readonly Run[],
  options: MergeOptions,
): Promise<Record<string, FileRecord>> {
  const readers: RunReader[] = [];
  const path = (name: string) => join(directory, name);
  const positions = new ArrayFileWriter(path("positions.u32"));
  const activations = new ArrayFileWriter(path("activations.f32"));
  try {
    for (const run of runs) readers.push(new RunReader(run, options.dSae));
    const offsets = totalOffsets(readers, options.dSae);
    const statistics = new Statistics(options);
    for (let from = 0; from < options.dSae; ) {
      const to = rangeEnd(offsets, from);
      const range = mergeRange(readers, from, to);
      positions.write(range.positions);
      activations.write(range.activations);
      statistics.add(from, range);
      from = to;
      options.onRows?.(offsets[to] as number);
      await new Promise(setImmediate);
    }
    return {
      "offsets.f64": writeArrayFile(path("offsets.f64"), offsets),
      "positions.u32": positions.close(),
      "activations.f32": activations.close(),
      ...statistics.write(directory),
    };
  } catch (error) {
    positions.abandon();
    activations.abandon();
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

class Statistics {
  readonly #max: Float32Array;
  readonly #sum: Float64Array;
  readonly #windows: Uint32Array;
  readonly #contextLength: number;

  constructor({ dSae, contextLength }: MergeOptions) {
    this.#max = new Float32Array(dSae);
    this.#sum = new Float64Array(dSae);
    this.#windows = new Uint32Array(dSae);
    this.#contextLength = contextLength;
  }

  add(from: number, { offsets, positions, activations }: GroupedRows): void {
    for (let i = 0; i + 1 < offsets.length; i++) {
      let [max, sum, windows, tileEnd] = [0, 0, 0, 0];
      for (let row = offsets[i] as number; row < (offsets[i + 1] as number); row++) {
        const activation = activations[row] as number;
        if (activation > max) max = activation;
        sum += activation;
        if ((positions[row] as number) < tileEnd) continue;
        windows++;
        tileEnd = this.#tileEnd(positions[row] as number);
      }
      this.#max[from + i] = max;
      this.#sum[from + i] = sum;
      this.#windows[from + i] = windows;
    }
  }

  /** Where the tile of a position ends: at a multiple of 32 in its context, or with the context. */
  #tileEnd(position: number): number {
    const at = position % this.#contextLength;
    const end = (Math.floor(at / statisticsWindow) + 1) * statisticsWindow;
    return position - at + Math.min(end, this.#contextLength);
  }

  write(directory: string): Record<string, FileRecord> {
    return {
      "max.f32": writeArrayFile(join(directory, "max.f32"), this.#max),
      "sum.f64": writeArrayFile(join(directory, "sum.f64"), this.#sum),
      "windows.u32": writeArrayFile(join(directory, "windows.u32"), this.#windows),
    };
  }
}
