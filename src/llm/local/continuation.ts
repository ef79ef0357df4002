import type { Tokenizer } from "../../model/tokenizer.js";

/** Text cut into tokens as it stands in the middle of a text. */
export interface Continuation {
  readonly ids: Int32Array;
  /** Text of each token; joined, they are the text. */
  readonly pieces: readonly string[];
}

/** A token that nothing merges with. */
const anchor = "\n";

/**
 * Cuts text into tokens as the continuation of another. Tokenizers of the SentencePiece family put a space before every
 * text that they are given, so the text is given behind a line break, which is then taken away. Where a tokenizer merges
 * the two, the text is given alone: tokenizers that do so (GPT-2's) put nothing before it.
 */
export function continuation(tokenizer: Tokenizer, text: string): Continuation {
  const start = tokenizer.encode(anchor);
  const joined = tokenizer.encode(anchor + text);
  const behind = start.every((id, i) => joined[i] === id);
  if (!behind) {
    const ids = tokenizer.encode(text);
    return { ids, pieces: tokenizer.pieces(ids) };
  }
  return { ids: joined.slice(start.length), pieces: tokenizer.pieces(joined).slice(start.length) };
}
