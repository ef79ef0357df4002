import { join } from "node:path";
import { type Slice, slices } from "../slices.js";
import { activationFiles, decodeHalves, encodeHalves, type Precision } from "./activation-code.js";
import { ArrayFileWriter, type FileRecord, writeArrayFile } from "./array-file.js";
import type { GroupedRows } from "./grouped-rows.js";
import type { LatentActivations } from "./latent-rows.js";
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
  #code = new Uint8Array(0);
  /** The latent that rows are taken of, and how much there is so far. */
  #latent = 0;
  #rows = 0;
  #bytes = 0;
  #clamped = 0;
  #lastPosition = 0;

  constructor(directory: string, { dSae, contextLength, precision }: GroupedOptions) {
    this.#directory = directory;
    this.#precision = precision;
    this.#offsets = new Float64Array(dSae + 1);
    this.#starts = new Float64Array(dSae + 1);
    this.#positions = new ArrayFileWriter(join(directory, "positions.varint"));
    this.#activations = new ArrayFileWriter(join(directory, activationFiles[precision]));
    this.#statistics = new LatentStatisticsWriter(dSae, contextLength);
  }

  /** Number of rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes the rows of the latents that follow those taken so far.
   *
   * @param options `continues`: the first rows are more of the latent that was last. Default: `false`.
   */
  async add(rows: GroupedRows, { continues = false } = {}): Promise<void> {
    if (continues) this.#latent--;
    const first = this.#latent;
    for await (const slice of slices(rows.positions.length)) await this.#addSlice(rows, slice, first);
    this.skipTo(first + rows.offsets.length - 1);
  }

  async #addSlice({ offsets, positions, activations }: GroupedRows, slice: Slice, first: number) {
    const { from, to } = slice;
    const stored = await this.#writeActivations(activations.subarray(from, to));
    const rows = { positions: positions.subarray(from, to), activations: stored };
    if (this.#code.length < longestCode * stored.length)
      this.#code = new Uint8Array(longestCode * stored.length);
    let end = 0;
    for (let row = from; row < to; ) {
      const latentEnd = offsets[this.#latent - first + 1] as number;
      const pieceEnd = Math.min(to, latentEnd);
      end = this.#addPiece(rows, { from: row - from, to: pieceEnd - from }, end);
      row = pieceEnd;
      if (row === latentEnd) this.skipTo(this.#latent + 1);
    }
    await this.#positions.write(this.#code.subarray(0, end));
  }

  /** Takes rows of the latent whose turn it is. @returns Where the code of their positions ends. */
  #addPiece(rows: LatentActivations, piece: Slice, at: number): number {
    const isFirst = this.#rows === this.#offsets[this.#latent];
    const before = isFirst ? undefined : this.#lastPosition;
    const end = encodePositions(rows.positions, piece, { bytes: this.#code, at, before });
    this.#statistics.add(this.#latent, rows, { ...piece, before });
    if (piece.to > piece.from) this.#lastPosition = rows.positions[piece.to - 1] as number;
    this.#rows += piece.to - piece.from;
    this.#bytes += end - at;
    return end;
  }

  /** @returns The activations as they will be read. */
  async #writeActivations(activations: Float32Array): Promise<Float32Array> {
    if (this.#precision === "f32") {
      await this.#activations.write(activations);
      return activations;
    }
    const { bits, clamped } = encodeHalves(activations);
    this.#clamped += clamped;
    await this.#activations.write(bits);
    return decodeHalves(bits);
  }

  /** Goes on with a later latent; those between have no rows. */
  skipTo(latent: number): void {
    while (this.#latent < latent) {
      this.#latent++;
      this.#offsets[this.#latent] = this.#rows;
      this.#starts[this.#latent] = this.#bytes;
    }
  }

  /** Writes the rest. Latents that were not added have no rows. */
  async close(): Promise<GroupedFiles> {
    this.skipTo(this.#offsets.length - 1);
    const path = (name: string) => join(this.#directory, name);
    const files = {
      "offsets.f64": await writeArrayFile(path("offsets.f64"), this.#offsets),
      "starts.f64": await writeArrayFile(path("starts.f64"), this.#starts),
      "positions.varint": await this.#positions.close(),
      [activationFiles[this.#precision]]: await this.#activations.close(),
      ...(await this.#statistics.write(this.#directory)),
    };
    return { rows: this.#rows, clamped: this.#clamped, files };
  }

  /** Gives the files up, after an error. */
  abandon(): void {
    this.#positions.abandon();
    this.#activations.abandon();
  }
}
