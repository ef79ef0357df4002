import { readMarkup } from "../../examples/markup.js";
import type { ReadExample } from "../example-lines.js";
import { type Document, segment } from "./document.js";
import type { Span } from "./pattern.js";

/** An example as the learner sees it. */
export interface MarkedText {
  readonly document: Document;
  /** Tokens on which the latent fires clearly. */
  readonly marks: readonly Mark[];
  /** Places where it fires a little: neither right nor wrong. */
  readonly faint: readonly Span[];
  /** The largest strength of its marks, 0.5 to 10. */
  readonly strongest: number;
}

export interface Mark extends Span {
  /** Share of the example's marked activity, so that every example weighs 1. */
  readonly weight: number;
}

/**
 * Reads an example of the explainer's prompt. The tokens of a marked stretch are told apart by the line of
 * strengths where that is possible, else the stretch is cut into its words.
 */
export function readMarkedText({ text: marked, strengths }: ReadExample): MarkedText {
  const { text, spans } = readMarkup(marked);
  const document = segment(text);
  const marks: { start: number; end: number; weight: number }[] = [];
  const faint: Span[] = [];
  let next = 0;
  let cursor = 0;
  for (const span of spans) {
    const tiles = tile(text.slice(span.start, span.end), strengths, next);
    if (!tiles) {
      marks.push(...words(document, span).map((word) => ({ ...word, weight: 1 })));
      cursor = span.end;
      continue;
    }
    faint.push(...place(text, strengths.slice(next, tiles.from), { from: cursor, to: span.start }));
    let start = span.start;
    for (const { piece, strength } of strengths.slice(tiles.from, tiles.to)) {
      marks.push({ start, end: start + piece.length, weight: Math.max(strength, 0.5) });
      start += piece.length;
    }
    next = tiles.to;
    cursor = span.end;
  }
  faint.push(...place(text, strengths.slice(next), { from: cursor, to: text.length }));
  const trimmed = marks.map((mark) => ({ ...mark, ...trim(text, mark) })).filter((m) => m.end > m.start);
  const total = trimmed.reduce((sum, { weight }) => sum + weight, 0);
  const strongest = marks.reduce((max, { weight }) => Math.max(max, weight), 0.5);
  return {
    document,
    faint,
    strongest,
    marks: trimmed.map((mark) => ({ ...mark, weight: mark.weight / total })),
  };
}

/** Which of the listed tokens, from `next` on, make up a marked stretch. */
function tile(
  stretch: string,
  strengths: ReadExample["strengths"],
  next: number,
): { from: number; to: number } | undefined {
  for (let from = next; from < strengths.length; from++) {
    let joined = "";
    for (let to = from; to < strengths.length && joined.length < stretch.length; to++) {
      joined += strengths[to]?.piece ?? "";
      if (joined === stretch) return { from, to: to + 1 };
    }
  }
  return undefined;
}

/** The first place of each token between two offsets. */
function place(
  text: string,
  tokens: ReadExample["strengths"],
  { from, to }: { from: number; to: number },
): Span[] {
  const spans: Span[] = [];
  let cursor = from;
  for (const { piece } of tokens) {
    const start = text.indexOf(piece, cursor);
    if (start < 0 || start + piece.length > to) continue;
    cursor = start + piece.length;
    spans.push({ start, end: cursor });
  }
  return spans;
}

function words({ units }: Document, span: Span): Span[] {
  const inside = units.filter(({ start, end }) => start < span.end && end > span.start);
  return inside.map(({ start, end }) => ({
    start: Math.max(start, span.start),
    end: Math.min(end, span.end),
  }));
}

/** Without the spaces around; a mark on line breaks keeps them. */
function trim(text: string, { start, end }: Span): Span {
  const isSpace = (c: string | undefined) => c === " " || c === "\t" || c === "\u00A0";
  let from = start;
  let to = end;
  while (from < to && isSpace(text[from])) from++;
  while (to > from && isSpace(text[to - 1])) to--;
  return { start: from, end: to };
}
