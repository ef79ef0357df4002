/**
 * The sentences of the embedded model. A sentence is the pattern, not a description of it: `read(write(p))` is
 * `p`. Clauses are joined by "; or ". A sentence of somebody else is read as far as `quotedWords` goes.
 */
import type { Before, Clause, Pattern, Place, Target } from "./pattern.js";
import { isClassName } from "./word-classes.js";

/** Writes a pattern as a sentence. */
export function write({ clauses }: Pattern): string {
  return clauses.map(writeClause).join("; or ");
}

/** Reads a sentence that `write` made; `undefined` for any other. */
export function read(sentence: string): Pattern | undefined {
  const trimmed = sentence.trim().replace(/\.$/, "");
  const clauses: Clause[] = [];
  for (const part of splitOutsideQuotes(trimmed)) {
    const clause = readClause(part);
    if (!clause) return undefined;
    clauses.push(clause);
  }
  return clauses.length > 0 ? { clauses } : undefined;
}

/**
 * What can be made of somebody else's sentence: the words and signs that it quotes. `undefined` where it
 * quotes none.
 */
export function quotedWords(sentence: string): Pattern | undefined {
  const quotes = sentence.matchAll(
    /“([^”]+)”|"([^"]+)"|«([^»]+)»|`([^`]+)`|(?<![\p{L}\p{N}])['‘]([^'’]+)['’]/gu,
  );
  const words: string[] = [];
  for (const quote of quotes) {
    const word = quote
      .slice(1)
      .find((group) => group !== undefined)
      ?.replace(/[,.]$/, "")
      .trim();
    if (word && !words.includes(word)) words.push(word);
  }
  const whole = words.filter((word) => /^[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*$/u.test(word));
  const parts = words.filter((word) => !whole.includes(word));
  const clauses: Clause[] = [];
  if (whole.length > 0) clauses.push({ target: { kind: "word", words: whole } });
  if (parts.length > 0) clauses.push({ target: { kind: "part", parts, place: "anywhere" } });
  return clauses.length > 0 ? { clauses } : undefined;
}

function writeClause({ target, before, nearby }: Clause): string {
  const parts = [writeTarget(target)];
  if (before) parts.push(writeBefore(before));
  if (nearby) parts.push(`in text with ${list(nearby)}`);
  return parts.join(" ");
}

function writeTarget(target: Target): string {
  switch (target.kind) {
    case "word":
      return `the word ${list(target.words)}`;
    case "prefix":
      return `a word that begins with ${list(target.parts)}`;
    case "suffix":
      return `a word that ends with ${list(target.parts)}`;
    case "part":
      return `${list(target.parts)}${placePhrases[target.place]}`;
    case "in-word":
      return `${quote(target.part)} in the word ${list(target.words)}`;
    case "in-prefix":
      return `${quote(target.part)} in a word that begins with ${list(target.starts)}`;
    case "class":
      return target.name;
  }
}

const placePhrases: Record<Place, string> = {
  anywhere: "",
  start: " at the start of a word",
  middle: " in the middle of a word",
  end: " at the end of a word",
};

function writeBefore(before: Before): string {
  switch (before.kind) {
    case "after":
      return `after ${list(before.words)}`;
    case "after-class":
      return `after ${before.name}`;
    case "soon-after":
      return `soon after ${list(before.words)}`;
    case "at-start":
      return `at the start of a ${before.of}`;
  }
}

/** `“a”, “b” or “c”`. */
function list(words: readonly string[]): string {
  const quoted = words.map(quote);
  const last = quoted.pop() ?? "";
  return quoted.length > 0 ? `${quoted.join(", ")} or ${last}` : last;
}

function quote(word: string): string {
  const escaped = word
    .replace(/[\\“”]/g, (c) => `\\${c}`)
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `“${escaped}”`;
}

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\([\s\S])/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : c));
}

const oneQuote = String.raw`“(?:[^\\“”]|\\[\s\S])*”`;
const quotes = `${oneQuote}(?:, ${oneQuote})*(?: or ${oneQuote})?`;
const clauseForm = new RegExp(
  `^(?<target>.+?)(?<before> (?:soon )?after (?:${quotes}|(?:a|an|something) [^“”]+?)| at the start of a (?:sentence|line))?(?: in text with (?<nearby>${quotes}))?$`,
  "su",
);

function readClause(text: string): Clause | undefined {
  const form = clauseForm.exec(text);
  if (!form?.groups) return undefined;
  const target = readTarget(form.groups.target as string);
  const before = form.groups.before === undefined ? undefined : readBefore(form.groups.before.slice(1));
  if (!target || (form.groups.before !== undefined && !before)) return undefined;
  const nearby = form.groups.nearby === undefined ? undefined : readList(form.groups.nearby);
  return { target, ...(before ? { before } : {}), ...(nearby ? { nearby } : {}) };
}

function readTarget(text: string): Target | undefined {
  if (isClassName(text)) return { kind: "class", name: text };
  const form = new RegExp(
    `^(?:(?<lead>the word|a word that begins with|a word that ends with) )?(?<list>${quotes})(?<place> at the start of a word| in the middle of a word| at the end of a word)?(?: in (?<inside>the word|a word that begins with) (?<hosts>${quotes}))?$`,
    "su",
  ).exec(text)?.groups;
  if (!form) return undefined;
  const parts = readList(form.list as string);
  const { lead, place, inside, hosts } = form;
  if (inside !== undefined && hosts !== undefined) {
    const [part] = parts;
    if (lead !== undefined || place !== undefined || parts.length !== 1 || part === undefined)
      return undefined;
    if (inside === "the word") return { kind: "in-word", part, words: readList(hosts) };
    return { kind: "in-prefix", part, starts: readList(hosts) };
  }
  if (lead !== undefined && place !== undefined) return undefined;
  if (lead === "the word") return { kind: "word", words: parts };
  if (lead === "a word that begins with") return { kind: "prefix", parts };
  if (lead === "a word that ends with") return { kind: "suffix", parts };
  return { kind: "part", parts, place: placeOf(place) };
}

function placeOf(phrase: string | undefined): Place {
  const places = Object.keys(placePhrases) as Place[];
  return places.find((place) => placePhrases[place] === (phrase ?? "")) ?? "anywhere";
}

function readBefore(text: string): Before | undefined {
  const start = /^at the start of a (sentence|line)$/.exec(text);
  if (start) return { kind: "at-start", of: start[1] as "sentence" | "line" };
  const form = /^(soon )?after (.+)$/su.exec(text);
  const what = form?.[2];
  if (what === undefined) return undefined;
  if (what.startsWith("“")) return { kind: form?.[1] ? "soon-after" : "after", words: readList(what) };
  return !form?.[1] && isClassName(what) ? { kind: "after-class", name: what } : undefined;
}

function readList(text: string): string[] {
  return [...text.matchAll(new RegExp(oneQuote, "gsu"))].map(([quoted]) => unquote(quoted));
}

/** Splits at "; or " outside of quotation marks. */
function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { index, 0: found } of text.matchAll(new RegExp(`${oneQuote}|; or `, "gsu"))) {
    if (found !== "; or ") continue;
    parts.push(text.slice(start, index));
    start = index + found.length;
  }
  parts.push(text.slice(start));
  return parts;
}
