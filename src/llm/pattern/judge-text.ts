/** What the embedded model makes of a text, given an explanation. */
import { readMarkup } from "../../examples/markup.js";
import { segment } from "./document.js";
import { read } from "./grammar.js";
import type { Pattern } from "./pattern.js";
import { quotedWords } from "./quoted-words.js";
import { type Matcher, matcher } from "./run.js";

/** The pattern that a sentence is, or the words that it quotes; `undefined` where it is neither. */
export function patternOf(sentence: string): Pattern | undefined {
  return read(sentence) ?? quotedWords(sentence);
}

/** The same, made ready; the last 256 sentences are remembered. */
export function rememberedMatchers(): (sentence: string) => Matcher | undefined {
  const known = new Map<string, Matcher | undefined>();
  return (sentence) => {
    if (known.has(sentence)) return known.get(sentence);
    const pattern = patternOf(sentence);
    const match = pattern && matcher(pattern);
    if (known.size >= 256) known.delete(known.keys().next().value as string);
    known.set(sentence, match);
    return match;
  };
}

/** Whether a text holds what is described: the pattern matches anywhere in it. */
export function detects(match: Matcher, text: string): boolean {
  return match(segment(text)).length > 0;
}

/** Whether marks are right: more than half of them share a character with a match. */
export function agrees(match: Matcher, marked: string): boolean {
  const { text, spans } = readMarkup(marked);
  const places = match(segment(text));
  const right = spans.filter(({ start, end }) => places.some((p) => p.start < end && start < p.end));
  return right.length > spans.length / 2;
}

/** Of each piece of a text whether it shares a character with a match. */
export function matchedPieces(match: Matcher, pieces: readonly string[]): boolean[] {
  const places = match(segment(pieces.join("")));
  let end = 0;
  return pieces.map((piece) => {
    const start = end;
    end += piece.length;
    return places.some((place) => place.start < end && start < place.end);
  });
}
