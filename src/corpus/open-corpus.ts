import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { FileError } from "../errors.js";
import { readArrow } from "./arrow-file.js";
import type { Corpus, CorpusSource } from "./corpus.js";
import { demoCorpus } from "./demo-corpus.js";
import { readParquet } from "./parquet-file.js";
import { type ShuffleOptions, shuffled } from "./shuffled.js";
import { readJsonl, readText } from "./text-files.js";

export interface CorpusOptions {
  /** Name of the corpus. Default: `demo`, the file's name, `texts` or `stream`. */
  name?: string | undefined;
  /** Key of the text in each line of a `.jsonl` file, or its column in a table. Default: `text`. */
  textKey?: string | undefined;
  /** Number of documents of the demo world. Default: 2,000. */
  documents?: number | undefined;
  /** Documents in another order, the same for the same seed. Default: as they come. */
  shuffle?: ShuffleOptions | undefined;
}

type Reader = (path: string, textKey: string) => AsyncGenerator<string>;

const readers: Readonly<Record<string, Reader>> = {
  ".txt": readText,
  ".jsonl": readJsonl,
  ".parquet": readParquet,
  ".arrow": readArrow,
};

const kinds = "a .txt, .jsonl, .parquet or .arrow file";

/**
 * Opens a corpus by what it is: `"demo"`, a `.txt`, `.jsonl`, `.parquet` or `.arrow` file, an array of texts, or a
 * stream (any other iterable, read once, never held in memory). A file is read through once for its hash.
 *
 * @throws {FileError} If the file is missing or of another kind.
 * @throws {RangeError} If an array of texts is empty.
 */
export async function openCorpus(source: CorpusSource, options: CorpusOptions = {}): Promise<Corpus> {
  const corpus = await inOrder(source, options);
  return options.shuffle ? shuffled(corpus, options.shuffle) : corpus;
}

async function inOrder(source: CorpusSource, options: CorpusOptions): Promise<Corpus> {
  if (source === "demo") return named(await demoCorpus(options.documents), options.name);
  if (typeof source === "string")
    return named(await fileCorpus(source, options.textKey ?? "text"), options.name);
  if (Array.isArray(source)) return named(textsCorpus(source), options.name);
  if (typeof source !== "object" || source === null) throw notACorpus(source);
  if (isCorpus(source)) return named(source, options.name);
  if (isIterable(source)) return named(streamCorpus(source), options.name);
  throw notACorpus(source);
}

function notACorpus(source: unknown): TypeError {
  return new TypeError(
    `Cannot open a corpus from a value of type ${typeof source}: give "demo", the path of ${kinds}, an array of strings or an iterable of strings`,
  );
}

function named(corpus: Corpus, name: string | undefined): Corpus {
  return name === undefined ? corpus : { ...corpus, name };
}

function isCorpus(source: object): source is Corpus {
  return "documents" in source && typeof source.documents === "function";
}

function isIterable(source: object): source is Iterable<string> | AsyncIterable<string> {
  return Symbol.iterator in source || Symbol.asyncIterator in source;
}

async function fileCorpus(path: string, textKey: string): Promise<Corpus> {
  const kind = extname(path).toLowerCase();
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new FileError(
      `Cannot open corpus "${path}": there is no such file; give "demo" or the path of ${kinds}`,
      path,
    );
  }
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (!stat.isFile() || !read) {
    const found = stat.isFile() ? `a "${kind}" file` : "not a file";
    throw new FileError(`Cannot open corpus "${path}": it is ${found}; ${kinds} is wanted`, path);
  }
  const hash = createHash("sha256").update(kind === ".txt" ? "" : `${textKey}\n`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return {
    name: basename(path, extname(path)),
    hash: hash.digest("hex"),
    documents: () => read(path, textKey),
  };
}

function textsCorpus(texts: readonly unknown[]): Corpus {
  if (texts.length === 0) {
    throw new RangeError("Cannot open an empty array as a corpus: give at least one text");
  }
  const hash = createHash("sha256");
  texts.forEach((text, i) => {
    hash.update(`${checkedText(text, i).length}\n`).update(checkedText(text, i));
  });
  return { name: "texts", hash: hash.digest("hex"), documents: () => checkedTexts(texts) };
}

function streamCorpus(texts: Iterable<unknown> | AsyncIterable<unknown>): Corpus {
  return { name: "stream", hash: undefined, documents: () => checkedTexts(texts) };
}

async function* checkedTexts(texts: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string> {
  let i = 0;
  for await (const text of texts) yield checkedText(text, i++);
}

function checkedText(text: unknown, i: number): string {
  if (typeof text === "string") return text;
  throw new TypeError(
    `Cannot read document ${i} of the corpus: it is of type ${typeof text}, and a string is wanted`,
  );
}
