import type { After, Before, Clause, Pattern, Place, Positions, Target } from "./pattern.js";

/** Writes a pattern as a sentence of the embedded model, which `read` takes back. Clauses are joined by "; or ". */
export function write({ clauses }: Pattern): string {
  return clauses.map(writeClause).join("; or ");
}

function writeClause({ target, before, after, at, nearby, also, except }: Clause): string {
  const parts = [writeTarget(target)];
  if (before) parts.push(writeBefore(before));
  if (after) parts.push(`${reach(after)}before ${list(after.words)}`);
  if (at) parts.push(writePositions(at));
  if (nearby) parts.push(`in text with ${list(nearby)}`);
  if (also) parts.push(`and also [${write({ clauses: also })}]`);
  if (except) parts.push(`but not [${write({ clauses: except })}]`);
  return parts.join(" ");
}

/** `soon `, `within 8 words `, or nothing: how far a word may be. */
function reach(from: Before | After): string {
  if (from.kind !== "soon-after" && from.kind !== "soon-before") return "";
  return from.within === undefined ? "soon " : `within ${from.within} words `;
}

function writePositions({ from, to }: Positions): string {
  return to === undefined ? `from position ${from} on` : `at positions ${from} to ${to}`;
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
    case "token":
      return `the token ${list(target.tokens)}`;
    case "regex":
      return `text that matches ${quote(target.source)}`;
    case "class":
      return target.name;
  }
}

/** What stands behind a part, by where in a word it is. */
export const placePhrases: Record<Place, string> = {
  anywhere: "",
  start: " at the start of a word",
  middle: " in the middle of a word",
  end: " at the end of a word",
};

function writeBefore(before: Before): string {
  switch (before.kind) {
    case "after":
    case "soon-after":
      return `${reach(before)}after ${list(before.words)}`;
    case "after-class":
      return `after ${before.name}`;
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
