import { join } from "node:path";
import { activationFiles, decodeHalves, encodeHalves, type Precision } from "./activation-code.js";
import { ArrayFileWriter, type FileRecord, writeArrayFile } from "./array-file.js";
import type { GroupedRows } from "./grouped-rows.js";
import { LatentStatisticsWriter } from "./latent-statistics.js";
import { encodePositions, longestCode } from "./position-code.js";

export interface GroupedOptions {
  dSae: number;
  contextLength: number;
  precision: Precision;
}

export interface GroupedFiles {
  readonly rows: number;
  /** Activations that float16 cannot hold. */
  readonly clamped: number;
  readonly files: Readonly<Record<string, FileRecord>>;
}

/**
 * Writes the files of a cache that hold its activations, from the first latent to the last: `offsets.f64` and `starts.f64`
 * [dSae + 1] (exact up to 2^53), `positions.varint`, `activations.f32` or `.f16`, and each latent's statistics, which
 * are of the activations as they are stored.
 */
export class GroupedWriter {
  readonly #directory: string;
  readonly #precision: Precision;
  readonly #offsets: Float64Array;
  readonly #starts: Float64Array;
  readonly #positions: ArrayFileWriter;
  readonly #activations: ArrayFileWriter;
  readonly #statistics: LatentStatisticsWriter;
  #bytes = new Uint8Array(0);
  #latent = 0;
  #clamped = 0;

  constructor(directory: string, { dSae, contextLength, precision }: GroupedOptions) {
    this.#directory = directory;
    this.#precision = precision;
    this.#offsets = new Float64Array(dSae + 1);
    this.#starts = new Float64Array(dSae + 1);
    this.#positions = new ArrayFileWriter(join(directory, "positions.varint"));
    this.#activations = new ArrayFileWriter(join(directory, activationFiles[precision]));
    this.#statistics = new LatentStatisticsWriter(dSae, contextLength);
  }

  /** Takes the rows of the latents that follow those taken so far. */
  add(rows: GroupedRows): void {
    const from = this.#latent;
    const base = this.#offsets[from] as number;
    for (let i = 1; i < rows.offsets.length; i++) {
      this.#offsets[from + i] = base + (rows.offsets[i] as number);
    }
    this.#writePositions(rows);
    this.#statistics.add(from, { ...rows, activations: this.#writeActivations(rows.activations) });
    this.#latent += rows.offsets.length - 1;
  }

  #writePositions({ offsets, positions }: GroupedRows): void {
    const most = longestCode * positions.length;
    if (this.#bytes.length < most) this.#bytes = new Uint8Array(most);
    const base = this.#starts[this.#latent] as number;
    let at = 0;
    for (let i = 0; i + 1 < offsets.length; i++) {
      const range = { from: offsets[i] as number, to: offsets[i + 1] as number };
      at = encodePositions(positions, range, { bytes: this.#bytes, at });
      this.#starts[this.#latent + i + 1] = base + at;
    }
    this.#positions.write(this.#bytes.subarray(0, at));
  }

  /** @returns The activations as they will be read. */
  #writeActivations(activations: Float32Array): Float32Array {
    if (this.#precision === "f32") {
      this.#activations.write(activations);
      return activations;
    }
    const { bits, clamped } = encodeHalves(activations);
    this.#clamped += clamped;
    this.#activations.write(bits);
    return decodeHalves(bits);
  }

  /** Goes on with a later latent; those between have no rows. */
  skipTo(latent: number): void {
    const [rows, bytes] = [this.#offsets[this.#latent] as number, this.#starts[this.#latent] as number];
    this.#offsets.fill(rows, this.#latent, latent + 1);
    this.#starts.fill(bytes, this.#latent, latent + 1);
    this.#latent = latent;
  }

  /** Writes the rest. Latents that were not added have no rows. */
  close(): GroupedFiles {
    this.skipTo(this.#offsets.length - 1);
    const rows = this.#offsets[this.#latent] as number;
    const path = (name: string) => join(this.#directory, name);
    const files = {
      "offsets.f64": writeArrayFile(path("offsets.f64"), this.#offsets),
      "starts.f64": writeArrayFile(path("starts.f64"), this.#starts),
      "positions.varint": this.#positions.close(),
      [activationFiles[this.#precision]]: this.#activations.close(),
      ...this.#statistics.write(this.#directory),
    };
    return { rows, clamped: this.#clamped, files };
  }

  /** Gives the files up, after an error. */
  abandon(): void {
    this.#positions.abandon();
    this.#activations.abandon();
  }
}
