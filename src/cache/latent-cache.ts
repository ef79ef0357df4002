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
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { displayable } from "../display.js";
import { FileError } from "../errors.js";
import type { Latent } from "../latent.js";
import { seededRandom } from "../random.js";
import { cacheDisplay } from "./cache-display.js";
import { firstPositionOf } from "./cache-identity.js";
import type { CacheManifest } from "./cache-manifest.js";
import { type Coverage, coverageOf } from "./coverage.js";
import type { LatentActivations, LatentRows, RowStatistics } from "./latent-rows.js";
import { type OpenedCache, openCache } from "./open-cache.js";
import type { OpenFiles } from "./open-files.js";
import type { QueryOptions, QueryRow } from "./query-cache.js";
import { readPieceTable, TokenPieces } from "./token-pieces.js";

export type { LatentActivations } from "./latent-rows.js";

export interface LatentStatistics extends RowStatistics {
  /** Number of positions where the latent fires. */
  readonly count: number;
  /** Share of the counted positions (without BOS, unless it was kept) where it fires. */
  readonly density: number;
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
  /** Contexts that it will have; more than `contextCount` in a cache that is still being filled. */
  readonly plannedContextCount: number;
  readonly #files: OpenFiles;
  readonly #rows: LatentRows;
  readonly #pieces: TokenPieces;
  #tokens: Int32Array | undefined;

  private constructor(directory: string, { manifest, files, rows, plannedContextCount }: OpenedCache) {
    const { identity } = manifest;
    this.directory = directory;
    this.manifest = manifest;
    this.hookpoint = identity.coder.hookpoint;
    this.dSae = identity.coder.dSae;
    this.contextCount = manifest.contexts;
    this.contextLength = identity.contextLength;
    this.tokenCount = manifest.contexts * identity.contextLength;
    this.firstPosition = firstPositionOf(identity);
    this.plannedContextCount = plannedContextCount;
    this.documents = files.whole("documents.u32", Uint32Array).subarray(0, manifest.documents);
    this.#files = files;
    this.#rows = rows;
    this.#pieces = new TokenPieces(
      () => readPieceTable(join(directory, "pieces.json")),
      () => files.whole("pieces.u32", Uint32Array),
    );
    displayable(this, () => cacheDisplay(this));
  }

  /**
   * Opens a cache.
   *
   * With `unfinished`, also one that is still being filled, by this process or another: what is in its finished runs is
   * read, and later ones do not appear in it. Its hash is not that of the finished cache, and activations are not yet
   * rounded to its precision.
   *
   * @throws {FileError} If it is missing or damaged; if it is not finished, unless that is asked for and a run is there.
   */
  static open(directory: string, { unfinished = false }: { unfinished?: boolean } = {}): LatentCache {
    return new LatentCache(directory, openCache(directory, unfinished));
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
   * Where a latent fires, by two positional reads; by three for each run of a cache that is not finished.
   *
   * @throws {RangeError} If there is no such latent.
   * @throws {FileError} If its rows are damaged.
   */
  read(index: number): LatentActivations {
    this.#check(index);
    return this.#rows.read(index);
  }

  /** How often and how strongly a latent fires. @throws {RangeError} If there is no such latent. */
  stats(index: number): LatentStatistics {
    this.#check(index);
    const count = this.#rows.count(index);
    return { count, density: count / this.positionCount, ...this.#rows.statistics(index) };
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
      if (this.#rows.count(index) >= minCount) latents.push({ hookpoint: this.hookpoint, index });
    }
    return latents;
  }

  /**
   * Different latents drawn at random among those that fire often enough; all of these where there are fewer.
   * The paper asks for 200 activations (1.3).
   *
   * @throws {RangeError} If no latent fires often enough, or `n` is no whole number.
   */
  sample(
    n: number,
    { seed = 22, minCount = 200 }: { seed?: number | string; minCount?: number } = {},
  ): Latent[] {
    if (!(Number.isInteger(n) && n >= 0)) {
      throw new RangeError(`Cannot sample ${n} latents of "${this.directory}": give a whole number from 0`);
    }
    const live = this.live({ minCount });
    if (live.length > 0) return seededRandom(seed).fork("latents").sample(live, n);
    let most = 0;
    for (let index = 0; index < this.dSae; index++) most = Math.max(most, this.#rows.count(index));
    throw new RangeError(
      `Cannot sample latents of "${this.directory}": none of ${this.dSae} fires at ${minCount} positions or more, the most frequent fires at ${most}; cache more text or lower minCount`,
    );
  }

  /** How many latents never or rarely fire. */
  coverage({ minCount = 200 }: { minCount?: number } = {}): Coverage {
    return coverageOf(this, minCount);
  }

  /**
   * Answers a question in SQL, through DuckDB (`npm install @duckdb/node-api`). The views: `activations` (latent, context,
   * position, token, text, activation), `tokens` (context, position, token, text) and `latents` (latent, count, max, sum,
   * density, windows). The first query writes them as Parquet beside the cache.
   *
   * @throws {FileError} If DuckDB is not installed, or the tables cannot be written.
   * @throws {Error} If DuckDB does not take the query.
   */
  async query(sql: string, options: QueryOptions = {}): Promise<QueryRow[]> {
    const { queryCache } = await import("./query-cache.js");
    return queryCache(this, sql, options);
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

  /** Closes its files. Reading opens them again; not of a cache that was not finished. */
  close(): void {
    this.#rows.close();
    this.#files.close();
  }

  #check(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.dSae) return;
    throw new RangeError(
      `Cannot read latent ${index} of "${this.directory}": it has latents 0 to ${this.dSae - 1}`,
    );
  }

  #readTokens(from: number, count: number): Int32Array {
    const { tokensFile } = this.manifest;
    const ids = tokensFile === "tokens.u16" ? new Uint16Array(count) : new Uint32Array(count);
    return new Int32Array(this.#files.part(tokensFile, from * ids.BYTES_PER_ELEMENT, ids));
  }
}
