/**
 * Classes of words and signs that a pattern can name. Closed classes of English are whole, open ones are lists
 * of frequent members: enough to generalise from ten animals to an eleventh, no more.
 */

import type { Unit } from "./document.js";
import lists from "./word-lists.json" with { type: "json" };

type ListName = keyof typeof lists;

/** Each reads after “after”, and as a clause of its own. */
export const classNames = [
  "a word",
  "a number",
  "a capitalised word",
  "a word in capitals",
  "a line break",
  "a quotation mark",
  "a sentence end",
  "a punctuation mark",
  "a bracket or operator",
  ...(Object.keys(lists) as ListName[]),
] as const;

export type ClassName = (typeof classNames)[number];

const known = new Set<string>(classNames);

export function isClassName(name: string): name is ClassName {
  return known.has(name);
}

/** Whether a unit belongs to a class. */
export function belongs(unit: Unit, name: ClassName): boolean {
  const rule = rules.get(name);
  return rule ? rule(unit) : false;
}

/** All classes of a unit. Cheap: one look-up per word. */
export function classesOf(unit: Unit): ClassName[] {
  const byRule = ruled.filter(([, rule]) => rule(unit)).map(([name]) => name);
  return [...byRule, ...(membership.get(unit.lower) ?? [])];
}

const common: readonly ClassName[] = [
  "a personal pronoun",
  "a possessive",
  "an article",
  "a demonstrative",
  "a quantity word",
  "a preposition",
  "a conjunction",
  "a form of be",
  "a form of have",
  "a helping verb",
  "a punctuation mark",
  "a quotation mark",
  "a line break",
];

/** Whether a word or sign occurs in all sorts of English text. */
export function isCommon(unit: Unit): boolean {
  return classesOf(unit).some((name) => common.includes(name));
}

const ruled: [ClassName, (unit: Unit) => boolean][] = [
  ["a word", ({ kind }) => kind === "word"],
  ["a number", ({ kind }) => kind === "number"],
  ["a capitalised word", ({ kind, text }) => kind === "word" && /^\p{Lu}/u.test(text)],
  ["a word in capitals", ({ kind, text }) => kind === "word" && /^\p{Lu}{2,}$/u.test(text)],
  ["a line break", ({ kind }) => kind === "break"],
  ["a quotation mark", ({ text }) => /^["“”„«»‘’']$/.test(text)],
  ["a sentence end", ({ text }) => /^[.!?…]$/.test(text)],
  ["a punctuation mark", ({ text }) => /^[.,;:!?…–—-]$/.test(text)],
  ["a bracket or operator", ({ text }) => /^[()[\]{}<>=+*/\\|&^%$#@~_`-]$/.test(text)],
];

const membership = new Map<string, ClassName[]>();
for (const [name, words] of Object.entries(lists) as [ListName, string][]) {
  for (const word of words.split(" ")) membership.set(word, [...(membership.get(word) ?? []), name]);
}

const rules = new Map<ClassName, (unit: Unit) => boolean>(ruled);
for (const name of Object.keys(lists) as ListName[]) {
  rules.set(name, (unit) => membership.get(unit.lower)?.includes(name) ?? false);
}
