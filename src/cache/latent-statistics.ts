import { join } from "node:path";
import { type FileRecord, writeArrayFile } from "./array-file.js";
import type { GroupedRows } from "./grouped-rows.js";
import type { LatentActivations, RowStatistics } from "./latent-rows.js";

/** The tiles of the paper's windows, counted for each latent. */
const statisticsWindow = 32;

/** Of the rows `from` to `to` (exclusive), which are one latent's. */
export function latentStatistics(
  { positions, activations }: LatentActivations,
  { from, to }: { from: number; to: number },
  contextLength: number,
): RowStatistics {
  let [max, sum, windows, tileEnd] = [0, 0, 0, 0];
  for (let row = from; row < to; row++) {
    const activation = activations[row] as number;
    if (activation > max) max = activation;
    sum += activation;
    if ((positions[row] as number) < tileEnd) continue;
    windows++;
    tileEnd = endOfTile(positions[row] as number, contextLength);
  }
  return { max, sum, windows };
}

/** Where the tile of a position ends: at a multiple of 32 in its context, or with the context. */
function endOfTile(position: number, contextLength: number): number {
  const at = position % contextLength;
  const end = (Math.floor(at / statisticsWindow) + 1) * statisticsWindow;
  return position - at + Math.min(end, contextLength);
}

/** Maximum, sum and number of firing tiles of each latent, counted while its rows pass by. */
export class LatentStatisticsWriter {
  readonly #max: Float32Array;
  readonly #sum: Float64Array;
  readonly #windows: Uint32Array;
  readonly #contextLength: number;

  constructor(dSae: number, contextLength: number) {
    this.#max = new Float32Array(dSae);
    this.#sum = new Float64Array(dSae);
    this.#windows = new Uint32Array(dSae);
    this.#contextLength = contextLength;
  }

  /** Takes all rows of the latents from `from` on. */
  add(from: number, { offsets, ...rows }: GroupedRows): void {
    for (let i = 0; i + 1 < offsets.length; i++) {
      const range = { from: offsets[i] as number, to: offsets[i + 1] as number };
      const { max, sum, windows } = latentStatistics(rows, range, this.#contextLength);
      this.#max[from + i] = max;
      this.#sum[from + i] = sum;
      this.#windows[from + i] = windows;
    }
  }

  /** Writes `max.f32`, `sum.f64` and `windows.u32`. */
  write(directory: string): Record<string, FileRecord> {
    return {
      "max.f32": writeArrayFile(join(directory, "max.f32"), this.#max),
      "sum.f64": writeArrayFile(join(directory, "sum.f64"), this.#sum),
      "windows.u32": writeArrayFile(join(directory, "windows.u32"), this.#windows),
    };
  }
}
