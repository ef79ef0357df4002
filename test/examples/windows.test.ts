import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { centredWindows, firstRowFrom, windows } from "../../src/examples/windows.js";

const grid = { contextLength: 100, windowLength: 32, firstPosition: 1 };

function rows(...pairs: [position: number, activation: number][]) {
  return {
    positions: Uint32Array.from(pairs, ([position]) => position),
    activations: Float32Array.from(pairs, ([, activation]) => activation),
  };
}

const anyRows = fc
  .uniqueArray(fc.tuple(fc.nat(999), fc.integer({ min: 1, max: 40 })), { selector: ([position]) => position })
  .map((pairs) => rows(...pairs.sort((a, b) => a[0] - b[0])));

describe("windows()", () => {
  test("gives tiles with their peaks, the first without BOS", () => {
    expect(windows(rows([0, 9], [3, 1], [31, 2], [32, 5], [40, 4], [131, 7]), grid)).toEqual([
      { context: 0, start: 1, end: 32, peak: 2 },
      { context: 0, start: 32, end: 64, peak: 5 },
      { context: 1, start: 1, end: 32, peak: 7 },
    ]);
  });

  test("leaves out what lies behind the last whole tile", () => {
    expect(windows(rows([95, 1], [96, 2], [99, 3]), grid)).toEqual([
      { context: 0, start: 64, end: 96, peak: 1 },
    ]);
  });

  test("covers every counted position once and finds each tile's maximum", () => {
    fc.assert(
      fc.property(
        anyRows,
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(0, 1),
        (all, windowLength, firstPosition) => {
          const found = windows(all, { contextLength: 100, windowLength, firstPosition });
          all.positions.forEach((position, i) => {
            const [context, at] = [Math.floor(position / 100), position % 100];
            const counted = at >= firstPosition && at < 100 - (100 % windowLength);
            const holders = found.filter((w) => w.context === context && w.start <= at && at < w.end);
            expect(holders.length).toBe(counted ? 1 : 0);
            if (counted) expect(holders[0]?.peak).toBeGreaterThanOrEqual(all.activations[i] as number);
          });
          for (const { context, start, end, peak } of found) {
            const inside = [...all.activations].filter((_, i) => {
              const at = (all.positions[i] as number) - 100 * context;
              return at >= start && at < end;
            });
            expect(Math.max(...inside)).toBe(peak);
          }
        },
      ),
    );
  });
});

describe("centredWindows()", () => {
  test("puts the peak in the middle, and moves the window where it would leave the context", () => {
    expect(centredWindows(rows([50, 3], [60, 1]), grid)).toEqual([
      { context: 0, start: 34, end: 66, peak: 3 },
    ]);
    expect(centredWindows(rows([2, 3]), grid)).toEqual([{ context: 0, start: 1, end: 33, peak: 3 }]);
    expect(centredWindows(rows([199, 3]), grid)).toEqual([{ context: 1, start: 68, end: 100, peak: 3 }]);
  });

  test("gives whole windows inside their contexts, each holding a peak", () => {
    fc.assert(
      fc.property(anyRows, (all) => {
        const found = centredWindows(all, grid);
        const counted = [...all.positions].filter((position) => position % 100 > 0);
        expect(found.length > 0).toBe(counted.length > 0);
        for (const { context, start, end, peak } of found) {
          expect(end - start).toBe(32);
          expect(start).toBeGreaterThanOrEqual(1);
          expect(end).toBeLessThanOrEqual(100);
          const inside = [...all.activations].filter((_, i) => {
            const at = (all.positions[i] as number) - 100 * context;
            return at >= start && at < end;
          });
          expect(Math.max(...inside)).toBe(peak);
        }
        expect(new Set(found.map(({ context, start }) => 100 * context + start)).size).toBe(found.length);
      }),
    );
  });
});

test("firstRowFrom() finds the first row at or after a position", () => {
  const all = rows([3, 1], [5, 1], [9, 1]);
  expect([0, 3, 4, 9, 10].map((position) => firstRowFrom(all, position))).toEqual([0, 0, 1, 2, 3]);
});
