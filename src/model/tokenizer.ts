/** What the rest of saelab needs of a tokenizer. */
export interface Tokenizer {
  /** Number of ids; every id is in [0, vocabSize). */
  readonly vocabSize: number;
  /** The id put at position 0 of every context, where the model was trained so. */
  readonly bosId: number | undefined;
  /** SHA-256 (hex) of the tokenizer's file: part of every cache's name. */
  readonly hash: string;
  /** Ids of a text, without BOS. */
  encode(text: string): Int32Array;
  /** The same on a thread of its own: for texts that would hold up the event loop (`idsOf`). */
  encodeLong?(text: string): Promise<Int32Array>;
  /** The text of ids; special tokens are shown as they are written in the vocabulary. */
  decode(ids: ArrayLike<number>): string;
  /**
   * The text of each id so that the pieces, joined, are `decode(ids)`. Bytes of a character that
   * spans several tokens show whole on the last of them, and `""` on those before.
   */
  pieces(ids: ArrayLike<number>): string[];
}

/** Characters that are encoded where they stand: some ten milliseconds. */
const shortText = 20_000;

/** Ids of a text of any length, without BOS; the event loop goes on meanwhile. */
export async function idsOf(tokenizer: Tokenizer, text: string): Promise<Int32Array> {
  if (text.length > shortText && tokenizer.encodeLong) return await tokenizer.encodeLong(text);
  return tokenizer.encode(text);
}
