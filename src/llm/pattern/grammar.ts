/**
 * The sentences of the embedded model. A sentence is the pattern, not a description of it: `read(write(p))` is
 * `p`. A sentence of somebody else is read as far as `quotedWords` goes.
 */
import type { After, Before, Clause, Pattern, Place, Positions, Target } from "./pattern.js";
import { isSafeRegex } from "./safe-regex.js";
import { isClassName } from "./word-classes.js";
import { placePhrases } from "./write-sentence.js";

/** What is longer or nested deeper is nobody's sentence, and would take long to read. */
const longest = 100_000;
const deepest = 8;

/** Reads a sentence that `write` made; `undefined` for any other, also one of over 100,000 characters. */
export function read(sentence: string): Pattern | undefined {
  if (sentence.length > longest) return undefined;
  const trimmed = sentence.trim().replace(/\.$/, "");
  return bracketsOutsideQuotes(trimmed).some(({ depth }) => depth > deepest)
    ? undefined
    : readClauses(trimmed);
}

function readClauses(trimmed: string): Pattern | undefined {
  const clauses: Clause[] = [];
  for (const part of splitClauses(trimmed)) {
    const clause = readClause(part);
    if (!clause) return undefined;
    clauses.push(clause);
  }
  return clauses.length > 0 ? { clauses } : undefined;
}

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\([\s\S])/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : c));
}

const oneQuote = String.raw`“(?:[^\\“”]|\\[\s\S])*”`;
const quotes = `${oneQuote}(?:, ${oneQuote})*(?: or ${oneQuote})?`;
const reaches = "(?:soon |within \\d+ words )?";
const clauseForm = new RegExp(
  `^(?<target>.+?)(?<before> ${reaches}after (?:${quotes}|(?:a|an|something) [^“”]+?)| at the start of a (?:sentence|line))?(?<after> ${reaches}before ${quotes})?(?<at> at positions \\d+ to \\d+| from position \\d+ on)?(?: in text with (?<nearby>${quotes}))?$`,
  "su",
);

function readClause(text: string): Clause | undefined {
  const { rest, inside: except } = takeGroup(text, " but not ");
  const { rest: head, inside: also } = takeGroup(rest, " and also ");
  const form = clauseForm.exec(head)?.groups;
  const target = form && readTarget(form.target);
  if (!target) return undefined;
  const parts = [
    readPart("before", form.before, readBefore),
    readPart("after", form.after, readAfter),
    readPart("at", form.at, readPositions),
    readPart("nearby", form.nearby, readList),
    readPart("also", also, (inside) => readClauses(inside)?.clauses),
    readPart("except", except, (inside) => readClauses(inside)?.clauses),
  ];
  if (parts.includes(undefined)) return undefined;
  return Object.assign({ target }, ...parts);
}

/** A field of a clause, none where nothing is written; `undefined` where what is written cannot be read. */
function readPart<K extends keyof Clause>(
  name: K,
  written: string | undefined,
  readIt: (written: string) => Clause[K],
): Pick<Clause, K> | object | undefined {
  if (written === undefined) return {};
  const part = readIt(written.trimStart());
  return part === undefined ? undefined : { [name]: part };
}

/** Takes a lead and what stands behind it in brackets off the end of a clause. */
function takeGroup(text: string, lead: string): { rest: string; inside: string | undefined } {
  const brackets = bracketsOutsideQuotes(text);
  const open = brackets.findLast(({ depth, opens }) => opens && depth === 1);
  const start = (open?.index ?? 0) - lead.length;
  const closes = brackets.at(-1)?.depth === 0 && brackets.at(-1)?.index === text.length - 1;
  if (!open || !closes || !text.startsWith(lead, start)) return { rest: text, inside: undefined };
  return { rest: text.slice(0, start), inside: text.slice(open.index + 1, -1) };
}

/** Brackets that are no part of a quoted string, each with the depth behind it. */
function bracketsOutsideQuotes(text: string): { index: number; opens: boolean; depth: number }[] {
  let depth = 0;
  return [...text.matchAll(new RegExp(`${oneQuote}|[[\\]]`, "gsu"))].flatMap(({ index, 0: found }) => {
    if (found !== "[" && found !== "]") return [];
    const opens = found === "[";
    depth += opens ? 1 : -1;
    return [{ index, opens, depth }];
  });
}

function readTarget(text: string): Target | undefined {
  if (isClassName(text)) return { kind: "class", name: text };
  const form = new RegExp(
    `^(?:(?<lead>the word|the token|text that matches|a word that begins with|a word that ends with) )?(?<list>${quotes})(?<place> at the start of a word| in the middle of a word| at the end of a word)?(?: in (?<inside>the word|a word that begins with) (?<hosts>${quotes}))?$`,
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
  if (lead === "the token") return { kind: "token", tokens: parts };
  if (lead === "text that matches") return readRegex(parts);
  if (lead === "a word that begins with") return { kind: "prefix", parts };
  if (lead === "a word that ends with") return { kind: "suffix", parts };
  return { kind: "part", parts, place: placeOf(place) };
}

function readRegex([source, ...others]: readonly string[]): Target | undefined {
  return source !== undefined && others.length === 0 && isSafeRegex(source)
    ? { kind: "regex", source }
    : undefined;
}

function placeOf(phrase: string | undefined): Place {
  const places = Object.keys(placePhrases) as Place[];
  return places.find((place) => placePhrases[place] === (phrase ?? "")) ?? "anywhere";
}

function readBefore(text: string): Before | undefined {
  const start = /^at the start of a (sentence|line)$/.exec(text);
  if (start) return { kind: "at-start", of: start[1] as "sentence" | "line" };
  const form = /^(?:(soon )|within (\d+) words )?after (.+)$/su.exec(text);
  if (!form) return undefined;
  const [, isSoon, within, what] = form;
  if (!what.startsWith("“")) {
    return !isSoon && !within && isClassName(what) ? { kind: "after-class", name: what } : undefined;
  }
  const words = readList(what);
  return isSoon || within ? { kind: "soon-after", words, ...withinOf(within) } : { kind: "after", words };
}

function readAfter(text: string): After | undefined {
  const form = /^(?:(soon )|within (\d+) words )?before (.+)$/su.exec(text);
  if (!form) return undefined;
  const [, isSoon, within, what] = form;
  const words = readList(what);
  return isSoon || within ? { kind: "soon-before", words, ...withinOf(within) } : { kind: "before", words };
}

function withinOf(within: string | undefined): { within?: number } {
  return within === undefined ? {} : { within: Number(within) };
}

function readPositions(text: string): Positions {
  const [from, to] = Array.from(text.matchAll(/\d+/g), ([digits]) => Number(digits));
  return { from, ...(to === undefined ? {} : { to }) };
}

function readList(text: string): string[] {
  return [...text.matchAll(new RegExp(oneQuote, "gsu"))].map(([quoted]) => unquote(quoted));
}

/** Splits at "; or " outside of quotation marks and brackets. */
function splitClauses(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (const { index, 0: found } of text.matchAll(new RegExp(`${oneQuote}|[[\\]]|; or `, "gsu"))) {
    if (found === "[") depth++;
    else if (found === "]") depth--;
    else if (found === "; or " && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + found.length;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
