/** A tokenizer and a language model whose log-probabilities are known in advance. */
export interface RuleToken {
  /** As a server lists it: part of a character that was split is `\ufffd`. */
  readonly text: string;
  readonly spelled: string;
}

/** Words with the space before them, numbers digit by digit, other characters alone; those beyond the BMP split in two. */
export function ruleTokens(text: string): RuleToken[] {
  const pieces = text.match(/ ?[a-z]+|./gisu) ?? [];
  return pieces.flatMap((piece) =>
    (piece.codePointAt(0) as number) > 0xffff
      ? [
          { text: "\ufffd", spelled: piece },
          { text: "\ufffd", spelled: "" },
        ]
      : [{ text: piece, spelled: piece }],
  );
}

/** Log-probability of a token that occurs among those before it, and of one that does not. */
export const seenBefore = -1;
export const newToken = -5;

/** After a tab, the digits: 9 where the word before it is in the first line, else 0. In nats. */
export const likelyDigit = -0.1;
export const unlikelyDigit = -3;

export interface ListedToken {
  readonly token: string;
  /** `null` for the first token, which nothing precedes. */
  readonly logProbability: number | null;
  readonly likeliest: Readonly<Record<string, number>> | null;
}

/** Every token of a prompt, and one more that is generated. */
export function ruleLogProbabilities(tokens: readonly RuleToken[], listed: number): ListedToken[] {
  const seen = new Set<string>();
  const endOfFirstLine = tokens.findIndex(({ text }) => text === "\n");
  const firstLine = new Set(tokens.slice(0, Math.max(0, endOfFirstLine)).map(({ text }) => text.trim()));
  return [...tokens, { text: " and", spelled: " and" }].map(({ text }, i) => {
    const digits =
      tokens[i - 1]?.text === "\t" ? digitsAfter(firstLine.has(tokens[i - 2]?.text.trim() ?? "")) : {};
    const logProbability = digits[text] ?? (seen.has(text) ? seenBefore : newToken);
    seen.add(text);
    const likeliest = { ...(listed > 1 ? digits : {}), [text]: logProbability };
    return i === 0
      ? { token: text, logProbability: null, likeliest: null }
      : { token: text, logProbability, likeliest };
  });
}

function digitsAfter(fits: boolean): Record<string, number> {
  return fits ? { 9: likelyDigit, 0: unlikelyDigit } : { 0: likelyDigit, 9: unlikelyDigit };
}
