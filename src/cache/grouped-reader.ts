import { activationFiles, decodeHalves, type Precision } from "./activation-code.js";
import { type CacheManifest, fileBytes } from "./cache-manifest.js";
import type { LatentActivations, LatentRows, RowStatistics } from "./latent-rows.js";
import type { OpenFiles } from "./open-files.js";
import { decodePositions } from "./position-code.js";

/** Reads what `GroupedWriter` writes: a latent by two reads. */
export class GroupedReader implements LatentRows {
  readonly rows: number;
  readonly #files: OpenFiles;
  readonly #precision: Precision;
  readonly #positionLimit: number;
  readonly #offsets: Float64Array;
  readonly #starts: Float64Array;
  readonly #max: Float32Array;
  readonly #sum: Float64Array;
  readonly #windows: Uint32Array;

  /** @throws {FileError} If the tables are damaged. */
  constructor(files: OpenFiles, manifest: CacheManifest) {
    this.rows = manifest.rows;
    this.#files = files;
    this.#precision = manifest.identity.precision;
    this.#positionLimit = manifest.contexts * manifest.identity.contextLength;
    this.#offsets = readBounds(files, "offsets.f64", manifest.rows);
    this.#starts = readBounds(files, "starts.f64", fileBytes(manifest, "positions.varint"));
    this.#max = files.whole("max.f32", Float32Array);
    this.#sum = files.whole("sum.f64", Float64Array);
    this.#windows = files.whole("windows.u32", Uint32Array);
  }

  count(latent: number): number {
    return (this.#offsets[latent + 1] as number) - (this.#offsets[latent] as number);
  }

  statistics(latent: number): RowStatistics {
    return {
      max: this.#max[latent] as number,
      sum: this.#sum[latent] as number,
      windows: this.#windows[latent] as number,
    };
  }

  read(latent: number): LatentActivations {
    const start = this.#starts[latent] as number;
    const bytes = new Uint8Array((this.#starts[latent + 1] as number) - start);
    const code = this.#files.part("positions.varint", start, bytes);
    const positions = decodePositions(code, this.count(latent), this.#positionLimit);
    if (positions) return { positions, activations: this.#activations(latent) };
    throw this.#files.damaged("positions.varint", `the positions of latent ${latent} make no sense`);
  }

  close(): void {
    this.#files.close();
  }

  #activations(latent: number): Float32Array {
    const [from, count] = [this.#offsets[latent] as number, this.count(latent)];
    const name = activationFiles[this.#precision];
    const activations =
      this.#precision === "f32"
        ? this.#files.part(name, 4 * from, new Float32Array(count))
        : decodeHalves(this.#files.part(name, 2 * from, new Uint16Array(count)));
    for (let i = 0; i < count; i++) {
      const activation = activations[i] as number;
      if (activation > 0 && activation < Number.POSITIVE_INFINITY) continue;
      throw this.#files.damaged(name, `latent ${latent} has the activation ${activation}`);
    }
    return activations;
  }
}

/** Bounds of each latent's part of a file: they ascend from 0 to `end`. */
function readBounds(files: OpenFiles, name: string, end: number): Float64Array {
  const bounds = files.whole(name, Float64Array);
  let before = 0;
  for (const bound of bounds) {
    // NaN stays: nothing is larger.
    before = bound >= before && Number.isSafeInteger(bound) ? bound : Number.NaN;
  }
  if (bounds[0] === 0 && before === end) return bounds;
  throw files.damaged(name, `its numbers do not ascend from 0 to ${end}`);
}
