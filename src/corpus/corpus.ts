/** Texts to cache latents on, and the name and hash that a cache is known by. */
export interface Corpus {
  /** As people call it: `demo`, a file's name. */
  readonly name: string;
  /** SHA-256 (hex) of the texts, or `undefined` for a stream, which can be read only once. */
  readonly hash: string | undefined;
  /** The documents, in order. Each call starts from the first, unless the corpus is a stream. */
  documents(): AsyncIterable<string>;
}

/**
 * What `cacheLatents` takes for a corpus: `"demo"`, the path of a `.txt`, `.jsonl`, `.parquet` or `.arrow` file,
 * `"hf:datasets/org/name"`, documents in memory, a stream of documents, or a `Corpus` made by `openCorpus`.
 */
export type CorpusSource = string | readonly string[] | Iterable<string> | AsyncIterable<string> | Corpus;
