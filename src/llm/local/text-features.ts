/** What the built-in embedder sees of a word or sign: itself, its parts, and its classes. */
import type { Unit } from "../pattern/document.js";
import { type ClassName, classesOf, classNames, isCommon } from "../pattern/word-classes.js";

/** A feature by the hash of its name, a whole number in [0, 2³²). */
export interface Feature {
  readonly hash: number;
  readonly weight: number;
}

export interface UnitFeatures {
  readonly features: readonly Feature[];
  /** How much the unit says about its text. */
  readonly weight: number;
}

/** Of these every text is full. */
const everywhere = new Set<ClassName>([
  "a word",
  "a capitalised word",
  "a word in capitals",
  "a line break",
  "a punctuation mark",
  "a sentence end",
]);
/** Words of explanations that say nothing about what is explained. */
const plain = new Set(
  "word words token tokens text texts such name names start starts begin begins end ends something thing things form forms about other".split(
    " ",
  ),
);
const [shortestPart, longestPart] = [3, 5];
const commonWeight = 0.3;
const namedWeight = 2;
const unitsRemembered = 50_000;

const classesByNameWord = new Map<string, ClassName[]>();
for (const name of classNames) {
  if (everywhere.has(name)) continue;
  for (const word of name.match(/\p{L}+/gu) ?? []) {
    const unit: Unit = { start: 0, end: 0, text: word, lower: word.toLowerCase(), kind: "word" };
    if (plain.has(unit.lower) || isCommon(unit)) continue;
    const key = stem(unit.lower);
    classesByNameWord.set(key, [...(classesByNameWord.get(key) ?? []), name]);
  }
}

const remembered = new Map<string, UnitFeatures>();

/** Features of a word or sign; the same object for the same text. */
export function textFeatures(unit: Unit): UnitFeatures {
  const known = remembered.get(unit.text);
  if (known) return known;
  const common = isCommon(unit) || plain.has(unit.lower);
  const found = { features: featuresOf(unit, common), weight: common ? commonWeight : 1 };
  if (remembered.size >= unitsRemembered) remembered.clear();
  remembered.set(unit.text, found);
  return found;
}

function featuresOf(unit: Unit, common: boolean): Feature[] {
  const parts = unit.kind === "word" ? partsOf(unit.lower) : [];
  const named = plain.has(unit.lower) ? [] : (classesByNameWord.get(stem(unit.lower)) ?? []);
  const classes = classesOf(unit).filter((name) => !everywhere.has(name));
  return [
    feature(`word ${unit.lower}`, 1),
    ...parts.map((part) => feature(`part ${part}`, 1 / Math.sqrt(parts.length))),
    ...classes.map((name) => feature(`class ${name}`, common ? commonWeight : 1)),
    ...named.map((name) => feature(`class ${name}`, namedWeight)),
  ];
}

/** Runs of letters, with marks for the word's ends. */
function partsOf(word: string): string[] {
  const marked = `^${word}$`;
  const parts: string[] = [];
  for (let length = shortestPart; length <= longestPart; length++) {
    for (let i = 0; i + length <= marked.length; i++) parts.push(marked.slice(i, i + length));
  }
  return parts;
}

/** Good enough to let “animals” find “an animal”. */
function stem(word: string): string {
  return word.length > 4 ? word.replace(/(?:ies|es|s|ing|ed|y)$/, "") : word.replace(/s$/, "");
}

/** FNV-1a, its bits stirred. */
function feature(name: string, weight: number): Feature {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return { hash: (hash ^ (hash >>> 13)) >>> 0, weight };
}
