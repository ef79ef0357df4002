import { idsOf, type Tokenizer } from "../model/tokenizer.js";

export interface PackedContext {
  /** `[contextLength]`; the tokenizer's BOS, where it has one, at position 0. */
  readonly tokens: Int32Array;
  /** Positions in this context where documents begin, ascending. */
  readonly documentStarts: readonly number[];
}

/**
 * Documents to contexts of equal length: each document is encoded without BOS, the ids are joined in
 * order and cut into pieces, and BOS, where the tokenizer has one, is put in front of each piece. What
 * does not fill a last context is dropped. Documents therefore run across contexts, as in the paper
 * (1.2: "documents concatenated and cut"); where each begins is kept.
 *
 * @throws {RangeError} If `contextLength` leaves no room for text.
 */
export async function* packContexts(
  tokenizer: Tokenizer,
  documents: AsyncIterable<string>,
  { contextLength }: { contextLength: number },
): AsyncGenerator<PackedContext> {
  const bos = tokenizer.bosId;
  const first = bos === undefined ? 0 : 1;
  if (!Number.isInteger(contextLength) || contextLength <= first) {
    throw new RangeError(
      `Cannot pack contexts of ${contextLength} tokens: give a whole number from ${first + 1}`,
    );
  }
  const empty = () => new Int32Array(contextLength).fill(bos ?? 0, 0, first);
  let tokens = empty();
  let documentStarts: number[] = [];
  let filled = first;
  for await (const document of documents) {
    documentStarts.push(filled);
    const ids = await idsOf(tokenizer, document);
    for (let i = 0; i < ids.length; ) {
      const part = ids.subarray(i, i + contextLength - filled);
      tokens.set(part, filled);
      filled += part.length;
      i += part.length;
      if (filled < contextLength) continue;
      yield { tokens, documentStarts };
      tokens = empty();
      documentStarts = [];
      filled = first;
    }
  }
}
