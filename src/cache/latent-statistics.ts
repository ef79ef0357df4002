import { join } from "node:path";
import type { Slice } from "../slices.js";
import { type FileRecord, writeArrayFile } from "./array-file.js";
import type { LatentActivations, RowStatistics } from "./latent-rows.js";

/** The tiles of the paper's windows, counted for each latent. */
const statisticsWindow = 32;

export interface StatisticsOptions {
  contextLength: number;
  /** Of the latent's rows before these. Default: there are none. */
  soFar?: RowStatistics | undefined;
  /** Position of the last of those. */
  before?: number | undefined;
}

/** Of the rows `from` to `to` (exclusive), which are one latent's. */
export function latentStatistics(
  { positions, activations }: LatentActivations,
  { from, to }: Slice,
  { contextLength, soFar, before }: StatisticsOptions,
): RowStatistics {
  let { max, sum, windows } = soFar ?? { max: 0, sum: 0, windows: 0 };
  let tileEnd = before === undefined ? 0 : endOfTile(before, contextLength);
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

  /** Takes some rows of a latent, which are behind those taken before. */
  add(
    latent: number,
    rows: LatentActivations,
    { from, to, before }: Slice & { before: number | undefined },
  ): void {
    const soFar = {
      max: this.#max[latent] as number,
      sum: this.#sum[latent] as number,
      windows: this.#windows[latent] as number,
    };
    const options = { contextLength: this.#contextLength, soFar, before };
    const { max, sum, windows } = latentStatistics(rows, { from, to }, options);
    this.#max[latent] = max;
    this.#sum[latent] = sum;
    this.#windows[latent] = windows;
  }

  /** Writes `max.f32`, `sum.f64` and `windows.u32`. */
  async write(directory: string): Promise<Record<string, FileRecord>> {
    return {
      "max.f32": await writeArrayFile(join(directory, "max.f32"), this.#max),
      "sum.f64": await writeArrayFile(join(directory, "sum.f64"), this.#sum),
      "windows.u32": await writeArrayFile(join(directory, "windows.u32"), this.#windows),
    };
  }
}
