/**
 * A cache is a folder of plain arrays, little-endian, the type of the numbers as the extension, and two JSON files:
 *
 *   manifest.json     what it was made of (hashes of model, coder, tokenizer, corpus; options), sizes and SHA-256
 *   tokens.u16|u32    [context, position]
 *   documents.u32     where each document begins
 *   offsets.f64       [dSae + 1] rows of latent i are offsets[i] to offsets[i + 1]
 *   starts.f64        [dSae + 1] and its positions the bytes starts[i] to starts[i + 1]
 *   positions.varint  [rows] context × contextLength + position, ascending within a latent, as gaps
 *   activations.f32   [rows] > 0; or activations.f16
 *   max.f32, sum.f64, windows.u32   [dSae]
 *   pieces.json, pieces.u32         the text of tokens
 *
 * 5 to 6 bytes per activation. Half floats save two of them where they are asked for, and cost exactness: they
 * leave 11 bits, so peaks tie and deciles blur, and they end at 65,504. Without them, what is read is what the
 * coder computed.
 */
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { displayable } from "../display.js";
import { FileError } from "../errors.js";
import type { Latent } from "../latent.js";
import { seededRandom } from "../random.js";
import { activationFiles, decodeHalves } from "./activation-code.js";
import { readInto } from "./array-file.js";
import { cacheDisplay } from "./cache-display.js";
import { firstPositionOf } from "./cache-identity.js";
import { type CacheManifest, fileBytes, readManifest } from "./cache-manifest.js";
import { type Coverage, coverageOf } from "./coverage.js";
import { decodePositions } from "./position-code.js";
import { readPieceTable, TokenPieces } from "./token-pieces.js";

/** Where one latent fires. Entry `i`: at `positions[i]` with `activations[i]` > 0; positions ascend. */
export interface LatentActivations {
  /** Counted through all contexts: context × contextLength + position. */
  readonly positions: Uint32Array;
  readonly activations: Float32Array;
}

export interface LatentStatistics {
  /** Number of positions where the latent fires. */
  readonly count: number;
  /** Largest activation; 0 where it never fires. */
  readonly max: number;
  /** Sum of the activations. */
  readonly sum: number;
  /** Share of the counted positions (without BOS, unless it was kept) where it fires. */
  readonly density: number;
  /** Number of tiles of 32 positions in which it fires. */
  readonly windows: number;
}

/** Up to so many tokens are read whole on first use; of more, a context at a time. */
const tokensInMemory = 1 << 26;

/**
 * Sparse activations of one coder on one corpus, on disk, grouped by latent: one latent is read without
 * touching the rest. Made by `cacheLatents`; needs neither model nor coder to be read. Reads are short
 * and synchronous.
 */
export class LatentCache {
  readonly directory: string;
  readonly manifest: CacheManifest;
  readonly hookpoint: string;
  readonly dSae: number;
  readonly contextCount: number;
  readonly contextLength: number;
  /** All positions, BOS included. */
  readonly tokenCount: number;
  /** 1 where position 0 (BOS) is left out, else 0. */
  readonly firstPosition: number;
  /** Where each document begins, counted through all contexts. */
  readonly documents: Uint32Array;
  readonly #offsets: Float64Array;
  readonly #starts: Float64Array;
  readonly #max: Float32Array;
  readonly #sum: Float64Array;
  readonly #windows: Uint32Array;
  readonly #pieces: TokenPieces;
  readonly #open = new Map<string, number>();
  #tokens: Int32Array | undefined;

  private constructor(directory: string) {
    const manifest = readManifest(directory);
    const { identity } = manifest;
    this.directory = directory;
    this.manifest = manifest;
    this.hookpoint = identity.coder.hookpoint;
    this.dSae = identity.coder.dSae;
    this.contextCount = manifest.contexts;
    this.contextLength = identity.contextLength;
    this.tokenCount = manifest.contexts * identity.contextLength;
    this.firstPosition = firstPositionOf(identity);
    this.documents = this.#whole("documents.u32", Uint32Array);
    this.#offsets = this.#table("offsets.f64", manifest.rows);
    this.#starts = this.#table("starts.f64", fileBytes(manifest, "positions.varint"));
    this.#max = this.#whole("max.f32", Float32Array);
    this.#sum = this.#whole("sum.f64", Float64Array);
    this.#windows = this.#whole("windows.u32", Uint32Array);
    this.#pieces = new TokenPieces(readPieceTable(join(directory, "pieces.json")), () =>
      this.#whole("pieces.u32", Uint32Array),
    );
    displayable(this, () => cacheDisplay(this));
  }

  /**
   * Opens a finished cache.
   *
   * @throws {FileError} If it is missing, unfinished or damaged.
   */
  static open(directory: string): LatentCache {
    return new LatentCache(directory);
  }

  /** SHA-256 (hex) of what it holds: equal hashes, equal content. */
  get hash(): string {
    return this.manifest.hash;
  }

  /** Positions that count: all but BOS, unless it was kept. */
  get positionCount(): number {
    return this.contextCount * (this.contextLength - this.firstPosition);
  }

  /**
   * Where a latent fires, by two positional reads.
   *
   * @throws {RangeError} If there is no such latent.
   * @throws {FileError} If its rows are damaged.
   */
  read(index: number): LatentActivations {
    this.#check(index);
    const from = this.#offsets[index] as number;
    const count = (this.#offsets[index + 1] as number) - from;
    const start = this.#starts[index] as number;
    const bytes = new Uint8Array((this.#starts[index + 1] as number) - start);
    const positions = decodePositions(this.#part("positions.varint", start, bytes), count, this.tokenCount);
    if (!positions) throw this.#damaged("positions.varint", `the positions of latent ${index} make no sense`);
    return { positions, activations: this.#activations(index, from, count) };
  }

  #activations(index: number, from: number, count: number): Float32Array {
    const { precision } = this.manifest.identity;
    const name = activationFiles[precision];
    const activations =
      precision === "f32"
        ? this.#part(name, 4 * from, new Float32Array(count))
        : decodeHalves(this.#part(name, 2 * from, new Uint16Array(count)));
    for (let i = 0; i < count; i++) {
      const activation = activations[i] as number;
      if (activation > 0 && activation < Number.POSITIVE_INFINITY) continue;
      throw this.#damaged(name, `latent ${index} has the activation ${activation}`);
    }
    return activations;
  }

  /** How often and how strongly a latent fires. @throws {RangeError} If there is no such latent. */
  stats(index: number): LatentStatistics {
    this.#check(index);
    const count = (this.#offsets[index + 1] as number) - (this.#offsets[index] as number);
    return {
      count,
      max: this.#max[index] as number,
      sum: this.#sum[index] as number,
      density: count / this.positionCount,
      windows: this.#windows[index] as number,
    };
  }

  /** Ids of a context, `[contextLength]`, to be read only. @throws {RangeError} If there is no such context. */
  tokens(context: number): Int32Array {
    if (!Number.isInteger(context) || context < 0 || context >= this.contextCount) {
      throw new RangeError(
        `Cannot read context ${context} of "${this.directory}": it has contexts 0 to ${this.contextCount - 1}`,
      );
    }
    const from = context * this.contextLength;
    if (this.tokenCount <= tokensInMemory) {
      this.#tokens ??= this.#readTokens(0, this.tokenCount);
      return this.#tokens.subarray(from, from + this.contextLength);
    }
    return this.#readTokens(from, this.contextLength);
  }

  /** Text of each token of a context; joined, they are its text. */
  pieces(context: number): string[] {
    return this.#pieces.of(this.tokens(context), context * this.contextLength);
  }

  /** Latents that fire at `minCount` positions or more, by index. */
  live({ minCount = 1 }: { minCount?: number } = {}): Latent[] {
    const latents: Latent[] = [];
    for (let index = 0; index < this.dSae; index++) {
      if (this.stats(index).count >= minCount) latents.push({ hookpoint: this.hookpoint, index });
    }
    return latents;
  }

  /**
   * Different latents drawn at random among those that fire often enough; all of these where there are fewer.
   * The paper asks for 200 activations (1.3).
   *
   * @throws {RangeError} If no latent fires often enough.
   */
  sample(
    n: number,
    { seed = 22, minCount = 200 }: { seed?: number | string; minCount?: number } = {},
  ): Latent[] {
    const live = this.live({ minCount });
    if (live.length > 0) return seededRandom(seed).fork("latents").sample(live, n);
    const most = this.#offsets.reduce(
      (max, to, i) => Math.max(max, i === 0 ? 0 : to - (this.#offsets[i - 1] as number)),
      0,
    );
    throw new RangeError(
      `Cannot sample latents of "${this.directory}": none of ${this.dSae} fires at ${minCount} positions or more, the most frequent fires at ${most}; cache more text or lower minCount`,
    );
  }

  /** How many latents never or rarely fire. */
  coverage({ minCount = 200 }: { minCount?: number } = {}): Coverage {
    return coverageOf(this, minCount);
  }

  /**
   * Reads every file through and compares it with its checksum. Opening compares sizes only.
   *
   * @throws {FileError} If a file has changed since it was written.
   */
  async verify(): Promise<void> {
    for (const [name, { sha256 }] of Object.entries(this.manifest.files)) {
      const path = join(this.directory, name);
      const hash = createHash("sha256");
      for await (const chunk of createReadStream(path)) hash.update(chunk);
      if (hash.digest("hex") === sha256) continue;
      throw new FileError(
        `Cannot trust "${path}": its content has changed since it was written; delete its folder and cache again`,
        path,
      );
    }
  }

  /** Closes its files. Reading opens them again. */
  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #check(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.dSae) return;
    throw new RangeError(
      `Cannot read latent ${index} of "${this.directory}": it has latents 0 to ${this.dSae - 1}`,
    );
  }

  #damaged(name: string, found: string): FileError {
    const path = join(this.directory, name);
    return new FileError(`Cannot read "${path}": ${found}; delete its folder and cache again`, path);
  }

  /** Bounds of each latent's part of a file: they ascend from 0 to `end`. */
  #table(name: string, end: number): Float64Array {
    const bounds = this.#whole(name, Float64Array);
    let before = 0;
    const ascend = bounds.every((bound) => {
      const fits = bound >= before && Number.isSafeInteger(bound);
      before = bound;
      return fits;
    });
    if (ascend && bounds[0] === 0 && before === end) return bounds;
    throw this.#damaged(name, `its numbers do not ascend from 0 to ${end}`);
  }

  #whole<T>(name: string, type: new (buffer: ArrayBuffer) => T): T {
    const bytes = readFileSync(join(this.directory, name));
    return new type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  }

  #readTokens(from: number, count: number): Int32Array {
    const { tokensFile } = this.manifest;
    const ids = tokensFile === "tokens.u16" ? new Uint16Array(count) : new Uint32Array(count);
    return new Int32Array(this.#part(tokensFile, from * ids.BYTES_PER_ELEMENT, ids));
  }

  #part<T extends ArrayBufferView>(name: string, at: number, numbers: T): T {
    const path = join(this.directory, name);
    const file = this.#open.get(name) ?? openSync(path, "r");
    this.#open.set(name, file);
    return readInto(file, path, at, numbers);
  }
}
