import { displayText, type GlyphMode } from "../../core/glyphs.js";
import type { PageWindow } from "./page.js";

export interface TokenBox {
  readonly token: number;
  readonly box: DOMRect;
}

/** The token under a point of a run, found by where its characters are drawn. */
export function tokenAt(
  run: HTMLElement,
  point: { x: number; y: number },
  options: { window: PageWindow; glyphs: GlyphMode },
): TokenBox | undefined {
  const start = Number(run.dataset.start);
  const end = Number(run.dataset.end);
  if (end - start === 1) return { token: start, box: run.getBoundingClientRect() };
  const node = run.firstChild;
  if (!node) return undefined;
  const range = document.createRange();
  let from = 0;
  for (let token = start; token < end; token++) {
    const length = displayText(options.window.pieces[token] as string, options.glyphs).length;
    range.setStart(node, from);
    range.setEnd(node, from + length);
    from += length;
    for (const box of range.getClientRects())
      if (point.x >= box.left && point.x < box.right) return { token, box };
  }
  return undefined;
}
