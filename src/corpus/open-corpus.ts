import { createHash } from "node:crypto";
import { createReadStream, type Stats, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { FileError } from "../errors.js";
import { fileState } from "../formats/file-state.js";
import { parseHubSource } from "../model/hub.js";
import type { LongCallOptions } from "../progress.js";
import type { Corpus, CorpusSource } from "./corpus.js";
import { demoCorpus } from "./demo-corpus.js";
import { hubCorpus } from "./hub-corpus.js";
import { documentKinds, holdsDocuments, readDocuments } from "./read-documents.js";
import { type ShuffleOptions, shuffled } from "./shuffled.js";

/** The signal and the progress are of fetching from the hub, which happens as documents are read. */
export interface CorpusOptions extends LongCallOptions {
  /** Name of the corpus. Default: `demo`, the file's name, `org/name`, `texts` or `stream`. */
  name?: string | undefined;
  /** Key of the text in each line of a `.jsonl` file, or its column in a table. Default: `text`. */
  textKey?: string | undefined;
  /** Which files of a data set on the hub. Default: `train`, or all where no name has a split. */
  split?: string | undefined;
  /** Number of documents of the demo world. Default: 2,000. */
  documents?: number | undefined;
  /** Documents in another order, the same for the same seed. Default: as they come. */
  shuffle?: ShuffleOptions | undefined;
}

/**
 * Opens a corpus by what it is: `"demo"`, a `.txt`, `.jsonl`, `.parquet` or `.arrow` file, a data set on the
 * Hugging Face hub, an array of texts, or a stream (any other iterable, read once, never held in memory). A file is read
 * through once for its hash.
 *
 * `"hf:datasets/org/name@revision/folder"`: of the files below the folder, those of one split are fetched one by one, when
 * the documents before them have been read, into the cache that Hugging Face's libraries share.
 *
 * @throws {FileError} If the file is missing or of another kind, or the data set has no such files.
 * @throws {RangeError} If an array of texts is empty.
 */
export async function openCorpus(source: CorpusSource, options: CorpusOptions = {}): Promise<Corpus> {
  const corpus = await inOrder(source, options);
  return options.shuffle ? shuffled(corpus, options.shuffle) : corpus;
}

async function inOrder(source: CorpusSource, options: CorpusOptions): Promise<Corpus> {
  if (source === "demo") return named(await demoCorpus(options.documents), options.name);
  if (typeof source === "string") return named(await storedCorpus(source, options), options.name);
  if (Array.isArray(source)) return named(textsCorpus(source), options.name);
  if (typeof source !== "object" || source === null) throw notACorpus(source);
  if (isCorpus(source)) return named(source, options.name);
  if (isIterable(source)) return named(streamCorpus(source), options.name);
  throw notACorpus(source);
}

function notACorpus(source: unknown): TypeError {
  return new TypeError(
    `Cannot open a corpus from a value of type ${typeof source}: give "demo", the path of ${documentKinds}, "hf:datasets/org/name", an array of strings or an iterable of strings`,
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

async function storedCorpus(source: string, options: CorpusOptions): Promise<Corpus> {
  const hub = parseHubSource(source);
  if (hub) return hubCorpus(hub, options);
  return fileCorpus(source, options.textKey ?? "text");
}

async function fileCorpus(path: string, textKey: string): Promise<Corpus> {
  const kind = extname(path).toLowerCase();
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new FileError(
      `Cannot open corpus "${path}": there is no such file; give "demo", the path of ${documentKinds} or "hf:datasets/org/name"`,
      path,
    );
  }
  if (!stat.isFile() || !holdsDocuments(path)) {
    const found = stat.isFile() ? `a "${kind}" file` : "not a file";
    throw new FileError(`Cannot open corpus "${path}": it is ${found}; ${documentKinds} is wanted`, path);
  }
  const hash = createHash("sha256").update(kind === ".txt" ? "" : `${textKey}\n`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  checkUnchanged(path, stat);
  return {
    name: basename(path, extname(path)),
    hash: hash.digest("hex"),
    async *documents() {
      checkUnchanged(path, stat);
      for await (const document of readDocuments(path, textKey)) {
        // Caches are named by the hash: what is handed over must be what was hashed.
        checkUnchanged(path, stat);
        yield document;
      }
    },
  };
}

/** @throws {FileError} If a file is no longer what it was. */
function checkUnchanged(path: string, before: Stats): void {
  if (fileState(statSync(path, { throwIfNoEntry: false })) === fileState(before)) return;
  throw new FileError(
    `Cannot read corpus "${path}": it has changed since it was opened; open it again`,
    path,
  );
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
