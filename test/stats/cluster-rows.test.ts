import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterRows } from "../../src/stats/cluster-rows.js";

const places = [0, 10, 1, 20, 11, 2, 10.5];
const near = (a: number, b: number) => 1 / (1 + Math.abs(places[a] - places[b]));

describe("clusterRows()", () => {
  test("joins what is alike, and no more", () => {
    expect(clusterRows(7, near, { most: 7, least: 1, alike: 0.3 })).toEqual([[0, 2, 5], [1, 4, 6], [3]]);
    expect(clusterRows(7, near, { most: 7, least: 1, alike: 2 })).toHaveLength(7);
    expect(clusterRows(7, near, { most: 7, least: 1, alike: 0 })).toEqual([[0, 1, 2, 3, 4, 5, 6]]);
  });

  test("joins small groups to the nearest, and the nearest where there are too many", () => {
    expect(clusterRows(7, near, { most: 7, least: 2, alike: 0.3 })).toEqual([
      [1, 3, 4, 6],
      [0, 2, 5],
    ]);
    expect(clusterRows(7, near, { most: 2, least: 1, alike: 0.3 })).toEqual([[0, 1, 2, 4, 5, 6], [3]]);
  });

  test("takes the mean over all pairs: average linkage by hand", () => {
    // 0–1 are joined at 0.9; then 2 is 0.8 from 0 and 0.2 from 1, 0.5 on average, and stays out at 0.6.
    const table = [
      [1, 0.9, 0.8],
      [0.9, 1, 0.2],
      [0.8, 0.2, 1],
    ];
    expect(clusterRows(3, (a, b) => table[a][b], { most: 3, least: 1, alike: 0.6 })).toEqual([[0, 1], [2]]);
    expect(clusterRows(3, (a, b) => table[a][b], { most: 3, least: 1, alike: 0.5 })).toEqual([[0, 1, 2]]);
  });

  test("puts every row into one group, within the bounds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -9, max: 9 }), { maxLength: 15 }),
        fc.record({
          most: fc.integer({ min: 1, max: 5 }),
          least: fc.nat(6),
          alike: fc.float({ min: 0, max: 1, noNaN: true }),
        }),
        (rows, options) => {
          const groups = clusterRows(rows.length, (a, b) => Math.exp(-Math.abs(rows[a] - rows[b])), options);
          expect(groups.flat().sort((a, b) => a - b)).toEqual([...rows.keys()]);
          expect(groups.length).toBeLessThanOrEqual(options.most);
          if (groups.length > 1)
            for (const group of groups) expect(group.length).toBeGreaterThanOrEqual(options.least);
        },
      ),
    );
  });
});
