import { join } from "node:path";
import type { Tokenizer } from "../model/tokenizer.js";
import { slices } from "../slices.js";
import { ArrayFileWriter, type FileRecord, writeArrayFile, writeJsonFile } from "./array-file.js";
import type { TokensFile } from "./cache-manifest.js";

/** The contexts of a cache on disk. */
export interface ContextFiles {
  readonly contexts: number;
  readonly documents: number;
  readonly tokensFile: TokensFile;
  readonly files: Readonly<Record<string, FileRecord>>;
}

export interface ContextWriterOptions {
  tokenizer: Tokenizer;
  contextLength: number;
}

/** Some milliseconds' work. */
const idsPerSlice = 2048;
const tokensPerWrite = 1 << 14;

/**
 * Writes `tokens.u16` (or `.u32`), `documents.u32` (where each document starts), `pieces.json` (the text of each id)
 * and `pieces.u32` (places where a token's text differs from that).
 */
export class ContextWriter {
  contexts = 0;
  readonly #directory: string;
  readonly #tokensFile: TokensFile;
  readonly #tokenizer: Tokenizer;
  readonly #contextLength: number;
  readonly #tokens: ArrayFileWriter;
  readonly #exceptions: ArrayFileWriter;
  readonly #documents: number[] = [];
  readonly #table: readonly string[];
  readonly #texts = new Map<string, number>();
  /** Not written yet. */
  readonly #newTokens: Int32Array[] = [];
  readonly #newExceptions: number[] = [];

  private constructor(
    directory: string,
    { tokenizer, contextLength }: ContextWriterOptions,
    table: readonly string[],
  ) {
    this.#directory = directory;
    this.#tokensFile = tokenizer.vocabSize <= 1 << 16 ? "tokens.u16" : "tokens.u32";
    this.#tokenizer = tokenizer;
    this.#contextLength = contextLength;
    this.#table = table;
    this.#tokens = new ArrayFileWriter(join(directory, this.#tokensFile));
    this.#exceptions = new ArrayFileWriter(join(directory, "pieces.u32"));
  }

  static async open(directory: string, options: ContextWriterOptions): Promise<ContextWriter> {
    const { tokenizer } = options;
    const table: string[] = [];
    for await (const { from, to } of slices(tokenizer.vocabSize, idsPerSlice)) {
      for (let id = from; id < to; id++) table.push(tokenizer.pieces([id])[0] ?? "");
    }
    return new ContextWriter(directory, options, table);
  }

  /** Takes the next context and the positions in it where documents begin. */
  async add(tokens: Int32Array, documentStarts: readonly number[]): Promise<void> {
    const base = this.contexts * this.#contextLength;
    this.#newTokens.push(tokens);
    for (const start of documentStarts) this.#documents.push(base + start);
    this.#tokenizer.pieces(tokens).forEach((piece, position) => {
      if (piece === this.#table[tokens[position] as number]) return;
      const text = this.#texts.get(piece) ?? this.#texts.size;
      this.#texts.set(piece, text);
      this.#newExceptions.push(base + position, text);
    });
    this.contexts++;
    if (this.#newTokens.length * this.#contextLength >= tokensPerWrite) await this.#write();
  }

  async #write(): Promise<void> {
    const Numbers = this.#tokensFile === "tokens.u16" ? Uint16Array : Uint32Array;
    const tokens = new Numbers(this.#newTokens.length * this.#contextLength);
    for (const [i, context] of this.#newTokens.entries()) tokens.set(context, i * this.#contextLength);
    const exceptions = Uint32Array.from(this.#newExceptions);
    this.#newTokens.length = 0;
    this.#newExceptions.length = 0;
    await this.#tokens.write(tokens);
    await this.#exceptions.write(exceptions);
  }

  async close(): Promise<ContextFiles> {
    await this.#write();
    const path = (name: string) => join(this.#directory, name);
    const pieces = { table: this.#table, exceptions: [...this.#texts.keys()] };
    return {
      contexts: this.contexts,
      documents: this.#documents.length,
      tokensFile: this.#tokensFile,
      files: {
        [this.#tokensFile]: await this.#tokens.close(),
        "documents.u32": await writeArrayFile(path("documents.u32"), Uint32Array.from(this.#documents)),
        "pieces.u32": await this.#exceptions.close(),
        "pieces.json": await writeJsonFile(path("pieces.json"), pieces),
      },
    };
  }

  /** Gives the files up, after an error. */
  abandon(): void {
    this.#tokens.abandon();
    this.#exceptions.abandon();
  }
}
