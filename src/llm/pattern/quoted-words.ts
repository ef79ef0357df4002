import type { Clause, Pattern } from "./pattern.js";

/**
 * What can be made of somebody else's sentence: the words and signs that it quotes. `undefined` where it
 * quotes none.
 */
export function quotedWords(sentence: string): Pattern | undefined {
  // No quotation reaches over an opening mark, so that the sentence is gone through once.
  const quotes = sentence.matchAll(
    /“([^“”]+)”|"([^"]+)"|«([^«»]+)»|`([^`]+)`|(?<![\p{L}\p{N}])['‘]([^'‘’]+)['’]/gu,
  );
  const words = new Set<string>();
  for (const quote of quotes) {
    const word = quote
      .slice(1)
      .find((group) => group !== undefined)
      ?.replace(/[,.]$/, "")
      .trim();
    if (word) words.add(word);
  }
  const isWhole = (word: string) => /^[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*$/u.test(word);
  const whole = [...words].filter(isWhole);
  const parts = [...words].filter((word) => !isWhole(word));
  const clauses: Clause[] = [];
  if (whole.length > 0) clauses.push({ target: { kind: "word", words: whole } });
  if (parts.length > 0) clauses.push({ target: { kind: "part", parts, place: "anywhere" } });
  return clauses.length > 0 ? { clauses } : undefined;
}
