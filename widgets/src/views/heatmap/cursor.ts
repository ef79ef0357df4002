import type { Line } from "./lines.js";
import type { HeatmapPage } from "./page.js";

/** A token of a window, by its line on the list. */
export interface Cursor {
  readonly line: number;
  readonly token: number;
}

export interface CursorMove {
  readonly key: string;
  /** Ctrl or Meta. */
  readonly wide: boolean;
  /** Lines on the screen. */
  readonly pageSize: number;
}

/** The lines that the cursor moves over. */
export interface CursorList {
  readonly lines: readonly Line[];
  readonly page: HeatmapPage;
}

/**
 * Where a key takes the cursor: arrows step over the tokens that fire (with Ctrl, over all tokens) and from
 * window to window; Home and End go to the ends of a window (with Ctrl, of the list). `undefined` if the
 * key means nothing here.
 */
export function moveCursor(
  from: Cursor,
  { key, wide, pageSize }: CursorMove,
  list: CursorList,
): Cursor | undefined {
  const stops = stopsOf(list, from.line, wide && key.startsWith("Arrow"));
  const last = list.lines.length - 1;
  const toToken = (token: number | undefined) => (token === undefined ? from : { line: from.line, token });
  const toLine = (line: number, by: 1 | -1) => nearestWindow(list, from, { line, by });
  switch (key) {
    case "ArrowRight":
      return toToken(stops.find((token) => token > from.token));
    case "ArrowLeft":
      return toToken(stops.findLast((token) => token < from.token));
    case "ArrowDown":
      return toLine(from.line + 1, 1) ?? from;
    case "ArrowUp":
      return toLine(from.line - 1, -1) ?? from;
    case "PageDown":
      return toLine(from.line + pageSize, 1) ?? toLine(last, -1) ?? from;
    case "PageUp":
      return toLine(from.line - pageSize, -1) ?? toLine(0, 1) ?? from;
    case "Home":
      return (wide ? toLine(0, 1) : toToken(stops[0])) ?? from;
    case "End":
      return (wide ? toLine(last, -1) : toToken(stops.at(-1))) ?? from;
    default:
      return undefined;
  }
}

/** The first window at or beyond `line`; its stop nearest to where the cursor was. */
function nearestWindow(
  list: CursorList,
  from: Cursor,
  { line, by }: { line: number; by: 1 | -1 },
): Cursor | undefined {
  let at = line;
  while (list.lines[at]?.kind === "group") at += by;
  if (list.lines[at]?.kind !== "window") return undefined;
  const token = stopsOf(list, at, false).reduce((a, b) =>
    Math.abs(b - from.token) < Math.abs(a - from.token) ? b : a,
  );
  return { line: at, token };
}

/** Tokens of a window at which the cursor stops: those that fire, or else the first; or all. */
function stopsOf({ lines, page }: CursorList, line: number, all: boolean): number[] {
  const found = lines[line];
  if (found?.kind !== "window") return [];
  const { activations } = page.window(found.row);
  const every = Array.from(activations, (_, token) => token);
  const firing = every.filter((token) => (activations[token] as number) > 0);
  return all ? every : firing.length > 0 ? firing : [0];
}
