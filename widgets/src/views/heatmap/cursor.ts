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

/**
 * Where a key takes the cursor: arrows step over the tokens that fire (with Ctrl, over all tokens) and from
 * window to window; Home and End go to the ends of a window (with Ctrl, of the list). `undefined` if the
 * key means nothing here.
 */
export function moveCursor(
  from: Cursor,
  move: CursorMove,
  list: { lines: readonly Line[]; page: HeatmapPage },
): Cursor | undefined {
  const { lines, page } = list;
  const stops = stopsOf(from.line, move.wide && move.key.startsWith("Arrow"));
  switch (move.key) {
    case "ArrowRight":
      return step(stops.find((token) => token > from.token));
    case "ArrowLeft":
      return step(stops.findLast((token) => token < from.token));
    case "ArrowDown":
      return toLine(from.line + 1, 1) ?? from;
    case "ArrowUp":
      return toLine(from.line - 1, -1) ?? from;
    case "PageDown":
      return toLine(from.line + move.pageSize, 1) ?? toLine(lines.length - 1, -1) ?? from;
    case "PageUp":
      return toLine(from.line - move.pageSize, -1) ?? toLine(0, 1) ?? from;
    case "Home":
      return (move.wide ? toLine(0, 1) : step(stops[0])) ?? from;
    case "End":
      return (move.wide ? toLine(lines.length - 1, -1) : step(stops.at(-1))) ?? from;
    default:
      return undefined;
  }

  function step(token: number | undefined): Cursor {
    return token === undefined ? from : { line: from.line, token };
  }

  /** The nearest window at or beyond `line`; its stop nearest to where the cursor was. */
  function toLine(line: number, by: 1 | -1): Cursor | undefined {
    let at = line;
    while (lines[at]?.kind === "group") at += by;
    if (lines[at]?.kind !== "window") return undefined;
    const near = stopsOf(at, false).reduce((a, b) =>
      Math.abs(b - from.token) < Math.abs(a - from.token) ? b : a,
    );
    return { line: at, token: near };
  }

  function stopsOf(line: number, all: boolean): number[] {
    const found = lines[line];
    if (found?.kind !== "window") return [];
    const { activations } = page.window(found.row);
    const every = Array.from(activations, (_, token) => token);
    const firing = every.filter((token) => (activations[token] as number) > 0);
    return all ? every : firing.length > 0 ? firing : [0];
  }
}
