import type { HeatmapView } from "../../../src/report/heatmap-state.js";

export type GlyphMode = HeatmapView["glyphs"];

// Characters that would break a line, hide, or turn the text around them.
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;

const marks: Readonly<Record<string, string>> = { "\n": "↵", "\r": "␍", "\t": "⇥" };

/** A piece as it is drawn on one line: line breaks and, in mode `all`, every blank become glyphs. */
export function displayText(piece: string, mode: GlyphMode): string {
  const text = mode === "all" ? piece.replaceAll(" ", "·").replaceAll("\u00a0", "⍽") : piece;
  return text.replace(unsafe, (character) => glyph(character, mode));
}

function glyph(character: string, mode: GlyphMode): string {
  const mark = marks[character];
  if (mark === undefined) return mode === "off" ? "" : "�";
  return mode === "off" ? " " : mark;
}

/** A piece as it is named in a tooltip: blanks visible, control characters as escapes. */
export function quotedText(piece: string): string {
  const escaped = JSON.stringify(piece).slice(1, -1).replaceAll('\\"', '"').replaceAll(" ", "·");
  return escaped.replace(unsafe, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
