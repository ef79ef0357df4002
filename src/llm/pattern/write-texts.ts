/** Texts in which a pattern matches, each with one that is nearly the same and in which it does not. */
import { segment } from "./document.js";
import type { Clause, Pattern, Target } from "./pattern.js";
import { matcher } from "./run.js";
import type { ClassName } from "./word-classes.js";
import lists from "./word-lists.json" with { type: "json" };

export interface TextPair {
  readonly text: string;
  readonly counterpart: string;
}

/**
 * Writes `n` pairs by rule: words of the pattern are put into plain sentences, and what does not come out as it should is
 * dropped. Words repeat where the pattern has few.
 *
 * @returns Undefined where no sentence could be made, as for most regular expressions.
 */
export function writeTexts(pattern: Pattern, n: number): TextPair[] | undefined {
  const match = matcher(pattern);
  const matches = (text: string) => match(segment(text)).length > 0;
  const phrases = [...new Set(interleaved(pattern.clauses.map(phrasesOf)))];
  const made: TextPair[] = [];
  for (let round = 0; round < frames.length && made.length < n; round++) {
    for (const [i, phrase] of phrases.entries()) {
      if (made.length === n) break;
      const frame = frames[(i + round) % frames.length];
      const text = frame(phrase);
      const counterpart = [...neutral.map((plain) => frame(plain)), ...without].find(
        (other) => !matches(other),
      );
      if (counterpart !== undefined && matches(text)) made.push({ text, counterpart });
    }
  }
  return made.length === n ? made : undefined;
}

/**
 * With few words in common, as any of them may be one that the pattern is about; and with common words of many kinds before the
 * phrase, as a latent may ask for one of them where the pattern does not.
 */
const frames: readonly ((phrase: string) => string)[] = [
  (phrase) => `We spoke of ${phrase} for a while.`,
  (phrase) => `Tom saw ${phrase} today`,
  (phrase) => `They do ${phrase} every morning.`,
  (phrase) => `It is ${phrase} that matters`,
  (phrase) => `There it was again: ${phrase}. Nobody knew why.`,
  (phrase) => `She wrote ${phrase}, then left.`,
  (phrase) => `${phrase} comes first`,
  (phrase) => `Page nine of this report deals with ${phrase} too.`,
  (phrase) => `Last week they had ${phrase} once more.`,
  (phrase) => `Why ${phrase}? Because nobody asked.`,
  (phrase) => `At ${phrase} our story ends.`,
  (phrase) => `Was he ${phrase}? I never heard.`,
  (phrase) => `My brother talks about ${phrase} all day long.`,
  (phrase) => `Title: ${phrase}`,
  (phrase) => `He read ${phrase} aloud to his children.`,
  (phrase) => `Look over there, the ${phrase}!`,
  (phrase) => `Some of ${phrase} got lost.`,
  (phrase) => `In town she and ${phrase} met again`,
  (phrase) => `Nothing has ${phrase} to do.`,
  (phrase) => `You will find ${phrase} on every list.`,
];
const neutral = ["something", "nothing else", "that other thing"];
/** For patterns that match in any sentence. */
const without = ["So it goes.", "Well", "12 34 56", "…"];

/** What the pattern's places may look like, the surroundings that it asks for included. */
function phrasesOf({ target, before, after, nearby }: Clause): string[] {
  return wordsOf(target).map((word) => {
    const led = before ? lead(before, word) : word;
    const followed = after ? `${led}${after.kind === "before" ? " " : " and then "}${after.words[0]}` : led;
    return nearby ? `${followed} near ${nearby[0]}` : followed;
  });
}

function lead(before: NonNullable<Clause["before"]>, word: string): string {
  switch (before.kind) {
    case "after":
      return `${before.words[0]} ${word}`;
    case "soon-after":
      return `${before.words[0]} and ${word}`;
    case "after-class":
      return `${membersOf(before.name)[0]} ${word}`;
    case "at-start":
      return before.of === "line" ? `this:\n${word}` : `this. ${word}`;
  }
}

function wordsOf(target: Target): readonly string[] {
  switch (target.kind) {
    case "word":
    case "in-word":
      return target.words;
    case "token":
      return target.tokens.map((token) => token.trim() || token);
    case "class":
      return membersOf(target.name);
    case "prefix":
      return target.parts.flatMap(begunWith);
    case "suffix":
      return target.parts.flatMap((part) => known((word) => word.endsWith(part.toLowerCase()), part));
    case "part":
      return target.parts.flatMap((part) => known((word) => word.includes(part.toLowerCase()), part));
    case "in-prefix":
      return target.starts.flatMap(begunWith);
    case "regex":
      return [target.source];
  }
}

/** Words of the lists that begin so, the beginning itself and its plural. */
function begunWith(start: string): string[] {
  return [...listed((word) => word.startsWith(start.toLowerCase())), start, `${start}s`];
}

/** Words of the lists that fit; where they are few, what is looked for itself, by itself and with letters around it. */
function known(fits: (word: string) => boolean, part: string): string[] {
  const words = listed(fits);
  return words.length >= 5 ? words : [...words, part, `${part}ing`, `un${part}`];
}

function listed(fits: (word: string) => boolean): string[] {
  return allWords.filter(fits).slice(0, 10);
}

function membersOf(name: ClassName): readonly string[] {
  return samples[name] ?? wordsOfList(name as keyof typeof lists);
}

function wordsOfList(name: keyof typeof lists): string[] {
  return lists[name].split(" ");
}

const samples: Partial<Readonly<Record<ClassName, readonly string[]>>> = {
  "a word": ["walk"],
  "a number": ["42", "7", "1984"],
  "a capitalised word": ["Anna", "London"],
  "a word in capitals": ["NATO", "USA"],
  "a line break": ["this:\nfirst"],
  "a quotation mark": ["“"],
  "a sentence end": ["this!"],
  "a punctuation mark": ["this, that"],
  "a bracket or operator": ["(", "="],
};

const allWords = Object.keys(lists).flatMap((name) => wordsOfList(name as keyof typeof lists));

/** The first of each list, then the second of each, and so on. */
function interleaved<T>(listsOf: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...listsOf.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) =>
    listsOf.flatMap((list) => (i < list.length ? [list[i]] : [])),
  ).flat();
}
