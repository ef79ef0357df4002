import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/random.js";
import { aurocInterval } from "../../src/stats/auroc-interval.js";
import { normalDraw } from "../../src/stats/gamma-draw.js";
import { normalCdf } from "../../src/stats/normal.js";

describe("aurocInterval()", () => {
  it("holds the area as often as it says", () => {
    const random = seededRandom("auroc");
    let inside = 0;
    const runs = 2000;
    for (let i = 0; i < runs; i++) {
      const shift = 2 * random.random();
      const draws = (n: number, mean: number) => Array.from({ length: n }, () => mean + normalDraw(random));
      const [low, high] = aurocInterval(draws(40, shift), draws(25, 0)).interval;
      const truth = normalCdf(shift / Math.SQRT2);
      if (low <= truth && truth <= high) inside++;
    }
    expect(inside / runs).toBeGreaterThan(0.93);
    expect(inside / runs).toBeLessThan(0.97);
  });

  it("ends where the area is z errors away, by hand", () => {
    const { value, interval } = aurocInterval([3, 4, 5, 1], [0, 2]);
    expect(value).toBe(0.875);
    for (const end of interval) {
      const spread = (1 - end) / (2 - end) + end / (1 + end);
      const variance = (end * (1 - end) * (1 + 2 * spread)) / 8;
      expect(Math.abs(0.875 - end)).toBeCloseTo(1.959963984540054 * Math.sqrt(variance), 6);
    }
  });

  it("has a width at 1 and stays below it", () => {
    const { value, interval } = aurocInterval([2, 3, 4], [0, 1]);
    expect(value).toBe(1);
    expect(interval[1]).toBe(1);
    expect(interval[0]).toBeGreaterThan(0.2);
    expect(interval[0]).toBeLessThan(0.8);
  });

  it("refuses a class without members", () => {
    expect(() => aurocInterval([], [1])).toThrow(RangeError);
  });
});
