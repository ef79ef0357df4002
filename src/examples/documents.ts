import type { LatentCache } from "../cache/latent-cache.js";
import type { Place } from "./read-window.js";

/** With fewer documents than this there is nothing to divide, and contexts stand for them. */
const fewestDocuments = 50;

/** What a cache tells about where its documents are. */
export type DocumentSource = Pick<
  LatentCache,
  "documents" | "contextCount" | "contextLength" | "tokenCount" | "tokens" | "manifest"
>;

/** Where the documents of a cache are. */
export class DocumentMap {
  /** Where each begins, counted through all contexts. Of fewer than 50 documents, where each context begins. */
  readonly starts: Uint32Array;
  readonly #contextLength: number;
  /** The document at the beginning of each context. */
  readonly #first: Uint32Array;

  constructor({ documents, contextCount, contextLength }: DocumentSource) {
    const isDivided = documents.length >= fewestDocuments;
    this.starts = isDivided
      ? documents
      : Uint32Array.from({ length: contextCount }, (_, context) => context * contextLength);
    this.#contextLength = contextLength;
    this.#first = new Uint32Array(contextCount);
    let document = 0;
    for (let context = 0; context < contextCount; context++) {
      while (this.starts[document + 1] <= context * contextLength) document++;
      this.#first[context] = document;
    }
  }

  /** First and last document that a place has tokens of. */
  of({ context, start, end }: Place): [first: number, last: number] {
    const base = context * this.#contextLength;
    let first = this.#first[context];
    while (this.starts[first + 1] <= base + start) first++;
    let last = first;
    while (this.starts[last + 1] < base + end) last++;
    return [first, last];
  }
}

/** Tokens of a document, without the BOS at the beginning of contexts. */
export function documentTokens(cache: DocumentSource, { starts }: DocumentMap, document: number): number[] {
  const { contextLength } = cache;
  const skip = cache.manifest.identity.tokenizer.bosId === null ? 0 : 1;
  const end = starts[document + 1] ?? cache.tokenCount;
  const tokens: number[] = [];
  for (let position = starts[document]; position < end; ) {
    const context = Math.floor(position / contextLength);
    const stop = Math.min(end, (context + 1) * contextLength);
    const ids = cache.tokens(context);
    for (
      let i = Math.max(position - context * contextLength, skip);
      i < stop - context * contextLength;
      i++
    ) {
      tokens.push(ids[i]);
    }
    position = stop;
  }
  return tokens;
}
