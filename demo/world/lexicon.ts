import type { Concept } from "./concepts.js";
import type { Span } from "./draft.js";
import { inflect, plural } from "./inflection.js";
import { vocabulary } from "./vocabulary.js";

const verbLists = new Set(["motion", "speech-verb", "ask-verb"]);
const singleFormLists = new Set(
  `joy-adjective sadness-adjective fear-adjective anger-adjective size colour weather-adjective few dozen ordinal manner
  frequency comparative superlative modal denial she he they you me reason hour-word compass month`.split(
    /\s+/,
  ),
);
const unlabelledLanguages: ReadonlySet<Concept> = new Set([
  "french",
  "german",
  "code",
  "email-address",
  "url",
]);
const caseSensitive = new Set(["May", "March", "I"]);

const lexicon = buildLexicon();
const longest = 2;

/**
 * Labels every English word of a text that the vocabulary knows, wherever a template put it.
 * Words inside the given spans of code, addresses, French or German are left alone.
 */
export function labelWords(text: string, given: readonly Span[]): Span[] {
  const closed = given
    .filter((span) => unlabelledLanguages.has(span.concept))
    .sort((a, b) => a.start - b.start);
  const words = [...text.matchAll(/[A-Za-z]+(?:'[a-z]+)?/g)].filter(outside(closed));
  const found: Span[] = [];
  for (let i = 0; i < words.length; i++) {
    for (let size = longest; size > 0; size--) {
      const first = words[i];
      const last = words[i + size - 1];
      if (first === undefined || last === undefined) continue;
      const end = last.index + last[0].length;
      const labels = lookUp(text.slice(first.index, end));
      if (labels.length === 0) continue;
      for (const concept of labels) found.push({ start: first.index, end, concept });
      i += size - 1;
      break;
    }
  }
  return found;
}

function lookUp(phrase: string): readonly Concept[] {
  if (/n't$/i.test(phrase) && !phrase.includes(" ")) return ["negation"];
  const stem = phrase.replace(/'(?:s|ll|m|ve|d|re)$/, "");
  return lexicon.get(stem) ?? lexicon.get(stem.toLowerCase()) ?? [];
}

function outside(closed: readonly Span[]): (word: RegExpExecArray) => boolean {
  let at = 0;
  return (word) => {
    while (at < closed.length && (closed[at]?.end ?? 0) <= word.index) at++;
    return (closed[at]?.start ?? Number.POSITIVE_INFINITY) > word.index;
  };
}

function buildLexicon(): ReadonlyMap<string, readonly Concept[]> {
  const entries = new Map<string, readonly Concept[]>();
  for (const [name, list] of vocabulary) {
    if (list.concepts.length === 0) continue;
    for (const word of list.words) {
      for (const form of formsOf(word, name)) {
        const key = caseSensitive.has(word) || /^[A-Z]/.test(form) ? form : form.toLowerCase();
        entries.set(key, [...new Set([...(entries.get(key) ?? []), ...list.concepts])]);
      }
    }
  }
  return entries;
}

function formsOf(word: string, list: string): string[] {
  if (verbLists.has(list)) return [word, inflect(word, "ed"), inflect(word, "ing"), inflect(word, "es")];
  return singleFormLists.has(list) || /^[A-Z]/.test(word) ? [word] : [word, plural(word)];
}
