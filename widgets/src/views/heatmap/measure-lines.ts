import { displayText, type GlyphMode } from "../../core/glyphs.js";
import type { Line } from "./lines.js";
import type { HeatmapPage, PageWindow } from "./page.js";

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
  const texts = lines.flatMap((line) => (line.kind === "window" ? [options.page.window(line.row)] : []));
  const widest = (part: (window: PageWindow) => readonly string[]) => {
    const longest = texts.map((window) => part(window).join("")).sort((a, b) => b.length - a.length);
    const drawn = longest.slice(0, sampled).map((text) => displayText(text, options.glyphs));
    return drawn.reduce((width, text) => Math.max(width, pen.measureText(text).width), 0);
  };
  if (options.align === "left") return { before: 0, width: gutter + widest((window) => window.pieces) };
  const before = widest(({ pieces, peakToken }) => pieces.slice(0, Math.max(0, peakToken)));
  const after = widest(({ pieces, peakToken }) => pieces.slice(Math.max(0, peakToken)));
  return { before: Math.ceil(before) + 8, width: gutter + before + after };
}
