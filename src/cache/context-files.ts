/**
 * The first stage of a cache: the corpus as contexts on disk. It is over in a small part of the time that
 * the model takes, and afterwards the number of contexts is known (progress has an end), and a stopped run
 * goes on without tokenising again.
 */
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Corpus } from "../corpus/corpus.js";
import { packContexts } from "../corpus/pack-contexts.js";
import { FileError } from "../errors.js";
import type { Tokenizer } from "../model/tokenizer.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { ArrayFileWriter, type FileRecord, readInto, writeArrayFile, writeJsonFile } from "./array-file.js";
import { stopIfAborted } from "./stop.js";

/** What the first stage leaves in `contexts.json`. */
export interface ContextFiles {
  readonly contexts: number;
  readonly documents: number;
  readonly tokensFile: string;
  readonly files: Readonly<Record<string, FileRecord>>;
}

export interface ContextOptions extends LongCallOptions {
  contextLength: number;
  maxTokens: number | undefined;
}

/** Positions are stored in 32 bits. */
export const mostPositions = 2 ** 32;

/** The finished first stage of a directory, if there is one. */
export function readContextFiles(directory: string): ContextFiles | undefined {
  const path = join(directory, "contexts.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ContextFiles) : undefined;
}

/**
 * Checks that a stream begins with the text that the directory was begun with: it has no hash to compare.
 *
 * @throws {FileError} If its first context differs.
 */
export async function checkStream(
  directory: string,
  tokenizer: Tokenizer,
  corpus: Corpus,
  { contextLength }: { contextLength: number },
): Promise<void> {
  const name = ["tokens.u16", "tokens.u32"].find((file) => existsSync(join(directory, file))) ?? "tokens.u16";
  const found = name === "tokens.u16" ? new Uint16Array(contextLength) : new Uint32Array(contextLength);
  const file = openSync(join(directory, name), "r");
  readInto(file, join(directory, name), 0, found);
  closeSync(file);
  for await (const { tokens } of packContexts(tokenizer, corpus.documents(), { contextLength })) {
    if (tokens.every((id, position) => id === found[position])) return;
    break;
  }
  throw new FileError(
    `Cannot cache into "${directory}": it holds a cache of another stream, which begins differently; choose another directory or delete it`,
    directory,
  );
}

/**
 * Writes `tokens.u16` (or `.u32`), `documents.u32` (where each document starts), `pieces.json` (the text of each id)
 * and `pieces.u32` (places where a token's text differs from that).
 *
 * @throws {RangeError} If the corpus does not fill one context.
 */
export async function writeContextFiles(
  directory: string,
  tokenizer: Tokenizer,
  corpus: Corpus,
  options: ContextOptions,
): Promise<ContextFiles> {
  const { contextLength, maxTokens } = options;
  const limit = contextLimit(contextLength, maxTokens);
  const tokensFile = tokenizer.vocabSize <= 1 << 16 ? "tokens.u16" : "tokens.u32";
  const writer = new ContextWriter(directory, tokensFile, tokenizer, contextLength);
  const signal = callSignal(options);
  const total = maxTokens === undefined ? undefined : limit * contextLength;
  const meter = progressMeter(`read ${corpus.name}`, "tokens", total, options.onProgress);
  try {
    for await (const { tokens, documentStarts } of packContexts(tokenizer, corpus.documents(), options)) {
      stopIfAborted(signal, "no activations are computed yet");
      writer.add(tokens, documentStarts);
      meter.report(writer.contexts * contextLength);
      if (writer.contexts % 64 === 0) await new Promise(setImmediate);
      if (writer.contexts === limit) break;
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  if (writer.contexts === 0) {
    writer.abandon();
    throw new RangeError(
      `Cannot cache the corpus "${corpus.name}": it does not fill one context of ${contextLength} tokens; give more text or a smaller contextLength`,
    );
  }
  meter.end(writer.contexts * contextLength);
  return writer.close();
}

function contextLimit(contextLength: number, maxTokens: number | undefined): number {
  if (maxTokens === undefined) return Math.floor(mostPositions / contextLength);
  return Math.floor(maxTokens / contextLength);
}

class ContextWriter {
  contexts = 0;
  readonly #directory: string;
  readonly #tokensFile: string;
  readonly #tokenizer: Tokenizer;
  readonly #contextLength: number;
  readonly #tokens: ArrayFileWriter;
  readonly #exceptions: ArrayFileWriter;
  readonly #documents: number[] = [];
  readonly #table: string[];
  readonly #texts = new Map<string, number>();

  constructor(directory: string, tokensFile: string, tokenizer: Tokenizer, contextLength: number) {
    this.#directory = directory;
    this.#tokensFile = tokensFile;
    this.#tokenizer = tokenizer;
    this.#contextLength = contextLength;
    this.#table = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.pieces([id])[0] ?? "");
    this.#tokens = new ArrayFileWriter(join(directory, tokensFile));
    this.#exceptions = new ArrayFileWriter(join(directory, "pieces.u32"));
  }

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
    const found: ContextFiles = {
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
    writeJsonFile(path("contexts.json"), found);
    return found;
  }

  abandon(): void {
    this.#tokens.abandon();
    this.#exceptions.abandon();
  }
}
