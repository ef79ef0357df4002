import { displayText, type GlyphMode } from "../../core/glyphs.js";
import type { Line } from "./lines.js";
import type { HeatmapPage } from "./page.js";

/** Width of the column of peaks and of the ends, in pixels. */
const gutter = 72;
const sampled = 40;

export interface LineWidths {
  /** Room left of the column of peaks' tokens; 0 when rows start at the left. */
  readonly before: number;
  /** Room that the widest row needs. */
  readonly width: number;
}

/** Measures the longest rows, so that the scroller's width is known before they are drawn. */
export function measureLines(
  scroller: HTMLElement,
  lines: readonly Line[],
  options: { page: HeatmapPage; align: "left" | "peak"; glyphs: GlyphMode },
): LineWidths {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return { before: 0, width: 0 };
  // The shorthand `font` is empty where a part of it, such as ligatures, cannot be written in it.
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(scroller);
  pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  const parts = lines.flatMap((line) => (line.kind === "window" ? [options.page.parts(line.row)] : []));
  const widest = (texts: string[]) => {
    const longest = texts.sort((a, b) => b.length - a.length).slice(0, sampled);
    const widths = longest.map((text) => pen.measureText(displayText(text, options.glyphs)).width);
    return widths.reduce((a, b) => Math.max(a, b), 0);
  };
  if (options.align === "left")
    return { before: 0, width: gutter + widest(parts.map((part) => part.join(""))) };
  const before = widest(parts.map(([text]) => text));
  const from = widest(parts.map(([, text]) => text));
  return { before: Math.ceil(before) + 8, width: gutter + before + from };
}
