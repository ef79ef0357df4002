import { join } from "node:path";
import type { Tokenizer } from "../model/tokenizer.js";
import { ArrayFileWriter, type FileRecord, writeArrayFile, writeJsonFile } from "./array-file.js";
import type { TokensFile } from "./cache-manifest.js";

/** The contexts of a cache on disk. */
export interface ContextFiles {
  readonly contexts: number;
  readonly documents: number;
  readonly tokensFile: TokensFile;
  readonly files: Readonly<Record<string, FileRecord>>;
}

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
  readonly #table: string[];
  readonly #texts = new Map<string, number>();

  constructor(directory: string, tokenizer: Tokenizer, contextLength: number) {
    this.#directory = directory;
    this.#tokensFile = tokenizer.vocabSize <= 1 << 16 ? "tokens.u16" : "tokens.u32";
    this.#tokenizer = tokenizer;
    this.#contextLength = contextLength;
    this.#table = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.pieces([id])[0] ?? "");
    this.#tokens = new ArrayFileWriter(join(directory, this.#tokensFile));
    this.#exceptions = new ArrayFileWriter(join(directory, "pieces.u32"));
  }

  /** Takes the next context and the positions in it where documents begin. */
  add(tokens: Int32Array, documentStarts: readonly number[]): void {
    const base = this.contexts * this.#contextLength;
    this.#tokens.write(this.#tokensFile === "tokens.u16" ? new Uint16Array(tokens) : new Uint32Array(tokens));
    for (const start of documentStarts) this.#documents.push(base + start);
    const exceptions: number[] = [];
    this.#tokenizer.pieces(tokens).forEach((piece, position) => {
      if (piece === this.#table[tokens[position] as number]) return;
      const text = this.#texts.get(piece) ?? this.#texts.size;
      this.#texts.set(piece, text);
      exceptions.push(base + position, text);
    });
    if (exceptions.length > 0) this.#exceptions.write(Uint32Array.from(exceptions));
    this.contexts++;
  }

  close(): ContextFiles {
    const path = (name: string) => join(this.#directory, name);
    return {
      contexts: this.contexts,
      documents: this.#documents.length,
      tokensFile: this.#tokensFile,
      files: {
        [this.#tokensFile]: this.#tokens.close(),
        "documents.u32": writeArrayFile(path("documents.u32"), Uint32Array.from(this.#documents)),
        "pieces.u32": this.#exceptions.close(),
        "pieces.json": writeJsonFile(path("pieces.json"), {
          table: this.#table,
          exceptions: [...this.#texts.keys()],
        }),
      },
    };
  }

  /** Gives the files up, after an error. */
  abandon(): void {
    this.#tokens.abandon();
    this.#exceptions.abandon();
  }
}
