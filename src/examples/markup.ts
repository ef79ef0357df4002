/**
 * Marks in texts that language models read: `the <<black cat>> sat`. One rule for all prompts: a token is marked
 * where its activation is greater (>) than a threshold times the window's maximum, and neighbours share one pair.
 * (The reference implementation has > for explainers and >= for fuzzing.)
 *
 * Text may contain angle brackets itself, as in `cout << x`. A `<` that touches another `<` (of the text or of a
 * mark) is written `\<`, likewise `>`; backslashes before an angle bracket are doubled. All other text
 * stands as it is, so single brackets as in `<div>` are not touched, and `readMarkup` is exact.
 */
import type { Window } from "./example.js";

const openMark = "<<";
const closeMark = ">>";

/** A stretch of a text in UTF-16 code units, `end` exclusive. */
export interface MarkedSpan {
  readonly start: number;
  readonly end: number;
}

/** A window's text with its active tokens marked: those above `threshold` × the window's largest activation. */
export function highlight(window: Window, threshold = 0.3): string {
  return markTokens(window.pieces, activeTokens(window, threshold));
}

/** Which tokens `highlight` marks: activation > `threshold` × the window's maximum. */
export function activeTokens({ activations }: Window, threshold = 0.3): boolean[] {
  const limit = threshold * activations.reduce((max, a) => Math.max(max, a), 0);
  return Array.from(activations, (a) => a > limit);
}

/**
 * Joins tokens and puts `<<` and `>>` around each run of flagged ones. A flagged token without text (a part of a character)
 * marks the token that shows the character. No flags, no marks: the text, escaped.
 */
export function markTokens(pieces: readonly string[], flags: ArrayLike<boolean | number>): string {
  const segments: { text: string; marked: boolean }[] = [];
  let carried = false;
  pieces.forEach((text, i) => {
    const marked = Boolean(flags[i]) || carried;
    const last = segments.at(-1);
    carried = marked && text === "";
    if (text === "") return;
    if (last?.marked === marked) last.text += text;
    else segments.push({ text, marked });
  });
  return segments
    .map(({ text, marked }, i) => {
      if (marked) return `${openMark}${escapeText(text, "<", ">")}${closeMark}`;
      return escapeText(text, i > 0 ? ">" : "", i + 1 < segments.length ? "<" : "");
    })
    .join("");
}

/**
 * Reads marked text: the text without marks, and where they were. The inverse of `markTokens`.
 *
 * @throws {SyntaxError} If the marks do not pair up.
 */
export function readMarkup(marked: string): { text: string; spans: MarkedSpan[] } {
  const spans: MarkedSpan[] = [];
  let text = "";
  let start: number | undefined;
  for (const [part, slashes = "", bracket, pairs] of marked.matchAll(markupParts)) {
    if (part === openMark || part === closeMark) {
      if ((part === openMark) !== (start === undefined)) throw unpaired(marked, part);
      if (start !== undefined) spans.push({ start, end: text.length });
      start = part === openMark ? text.length : undefined;
    } else if (bracket !== undefined) {
      text += "\\".repeat(slashes.length >> 1) + bracket;
    } else if (pairs !== undefined) {
      text += "\\".repeat(pairs.length >> 1);
    } else {
      text += part;
    }
  }
  if (start !== undefined) throw unpaired(marked, openMark);
  return { text, spans };
}

/**
 * Backslashes in pairs before a mark stand for half as many; an odd number makes the bracket after them plain.
 * In order: backslashes and a plain bracket; paired backslashes before a bracket; a mark; anything else, backslashes in one
 * piece, so that a long run of them is gone through once.
 */
const markupParts = /((?:\\\\)*\\)([<>])|((?:\\\\)+)(?=[<>])|<<|>>|[^\\<>]+|\\+|[<>]/g;

function unpaired(marked: string, mark: string): SyntaxError {
  const where = marked.length > 80 ? `${marked.slice(0, 80)}…` : marked;
  return new SyntaxError(
    `Cannot read the marks of "${where}": a ${mark} has no partner; write them in pairs, not nested`,
  );
}

/** Escapes brackets that touch a like one; `before` and `after` are the characters of neighbouring marks. */
function escapeText(text: string, before: "" | "<" | ">", after: "" | "<" | ">"): string {
  const escaped = text.replace(/(?<!\\)(\\*)([<>])/g, (_, slashes: string, bracket: string, at: number) => {
    const index = at + slashes.length;
    const previous = index === 0 ? before : text[index - 1];
    const next = index + 1 === text.length ? after : text[index + 1];
    return `${slashes}${slashes}${previous === bracket || next === bracket ? "\\" : ""}${bracket}`;
  });
  return after === "" ? escaped : escaped.replace(/(?<!\\)\\+$/, (slashes) => slashes + slashes);
}

/** How strongly a token is active, in whole tenths of the latent's maximum. */
export interface Strength {
  readonly piece: string;
  /** 1 to 10. */
  readonly strength: number;
}

/**
 * Tokens of a window with their strengths, floor(10 · activation / maximum), as in the paper (1.3); those below 1
 * are left out. (The reference implementation's main branch rounds up and lists eleven tokens at most.)
 *
 * @param maxActivation The latent's largest activation over the whole cache.
 */
export function strengths({ pieces, activations }: Window, maxActivation: number): Strength[] {
  return pieces.flatMap((piece, i) => {
    const strength = Math.min(10, Math.floor((10 * (activations[i] as number)) / maxActivation));
    return strength >= 1 ? [{ piece, strength }] : [];
  });
}
