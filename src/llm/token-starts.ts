/** Part of a character that a tokenizer split, as servers write it: `\ufffd`, or `bytes:\xe6\x97`. */
const splitCharacter = /\ufffd|^bytes:/;

/**
 * Where each token of a text begins, in characters, from the tokens' own texts. A first token that the text does not
 * spell (BOS) begins, and ends, at 0. Of tokens that share split characters, the first has them all.
 *
 * @returns One position per token, or `undefined` if the tokens do not spell the text.
 */
export function tokenStarts(tokens: readonly string[], text: string): number[] | undefined {
  const starts: number[] = [];
  let end = 0;
  // The place of the first token of split characters, while their end is not known.
  let split: number | undefined;
  for (const [place, token] of tokens.entries()) {
    if (splitCharacter.test(token)) {
      split ??= place;
      starts.push(end);
      continue;
    }
    const start = split === undefined ? end : text.indexOf(token, end + 1);
    if (start >= 0 && text.startsWith(token, start)) {
      if (split !== undefined) starts.fill(start, split + 1);
      split = undefined;
      starts.push(start);
      end = start + token.length;
    } else if (place === 0) {
      starts.push(0);
    } else {
      return undefined;
    }
  }
  if (split !== undefined) starts.fill(text.length, split + 1);
  return split !== undefined || end === text.length ? starts : undefined;
}
