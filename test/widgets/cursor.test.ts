import { expect, test } from "vitest";
import { heatmapPage } from "../../src/report/heatmap-page.js";
import type { HeatmapRow } from "../../src/report/heatmap-rows.js";
import { type Cursor, moveCursor } from "../../widgets/src/views/heatmap/cursor.js";
import { linesOf } from "../../widgets/src/views/heatmap/lines.js";
import { readPage } from "../../widgets/src/views/heatmap/page.js";

function row(activations: number[], quantile: number | null): HeatmapRow {
  const window = {
    context: 0,
    start: 0,
    tokens: new Int32Array(activations.length),
    pieces: activations.map(() => "x"),
    activations: Float32Array.from(activations),
  };
  return { window, quantile, split: "test" };
}

// Lines: 0 heading, 1 and 2 windows, 3 heading, 4 the window in which nothing fires.
const rows = [row([0, 2, 0, 3, 0], 0), row([1, 0, 0, 0, 1], 0), row([0, 0, 0, 0, 0], null)];
const page = readPage(heatmapPage(rows));
const lines = linesOf(
  [
    { key: "0", quantile: 0, count: 2, total: 2, low: 1, high: 3 },
    { key: "non-activating", quantile: null, count: 1, total: 1, low: 0, high: 0 },
  ],
  "all",
);

function press(from: [number, number], key: string, wide = false): [number, number] | undefined {
  const cursor: Cursor = { line: from[0], token: from[1] };
  const to = moveCursor(cursor, { key, wide, pageSize: 10 }, { lines, page });
  return to && [to.line, to.token];
}

test("moveCursor() steps over the tokens that fire, and stays at the ends", () => {
  expect(press([1, 1], "ArrowRight")).toEqual([1, 3]);
  expect(press([1, 3], "ArrowRight")).toEqual([1, 3]);
  expect(press([1, 3], "ArrowLeft")).toEqual([1, 1]);
  expect(press([1, 3], "Home")).toEqual([1, 1]);
  expect(press([1, 1], "End")).toEqual([1, 3]);
});

test("moveCursor() goes to any token with Ctrl", () => {
  expect(press([1, 1], "ArrowRight", true)).toEqual([1, 2]);
  expect(press([1, 1], "ArrowLeft", true)).toEqual([1, 0]);
});

test("moveCursor() goes to the nearest firing token of the next window, over headings", () => {
  expect(press([1, 3], "ArrowDown")).toEqual([2, 4]);
  expect(press([2, 4], "ArrowDown")).toEqual([4, 0]);
  expect(press([4, 0], "ArrowDown")).toEqual([4, 0]);
  expect(press([4, 0], "ArrowUp")).toEqual([2, 0]);
  expect(press([1, 1], "ArrowUp")).toEqual([1, 1]);
  expect(press([1, 1], "End", true)).toEqual([4, 0]);
  expect(press([4, 0], "Home", true)).toEqual([1, 1]);
  expect(press([1, 1], "PageDown")).toEqual([4, 0]);
  expect(press([4, 0], "PageUp")).toEqual([1, 1]);
});

test("moveCursor() leaves other keys alone", () => {
  expect(press([1, 1], "a")).toBeUndefined();
});
