import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/random.js";
import { correlation, crossFittedVariance, pairMoments, pooled } from "../../src/stats/pair-moments.js";
import { pearson } from "../../src/stats/pearson.js";

describe("pair moments", () => {
  it("give Pearson's correlation, pooled over groups", () => {
    const random = seededRandom("moments");
    const groups = Array.from({ length: 7 }, (_, i) => {
      const x = Array.from({ length: 3 + i }, () => 9 * random.random());
      return { x, y: x.map((value) => value + 4 * random.random()) };
    });
    const found = correlation(pooled(groups.map(({ x, y }) => pairMoments(x, y))));
    const [x, y] = [groups.flatMap((group) => group.x), groups.flatMap((group) => group.y)];
    expect(found).toBeCloseTo(pearson(x, y), 12);
  });

  it("give no correlation where one side does not vary", () => {
    expect(correlation(pairMoments([0.1, 0.1, 0.1], [1, 2, 3]))).toBeNaN();
    expect(correlation(pairMoments([1, 2, 3], [0.7, 0.7, 0.7]))).toBeNaN();
    expect(correlation(pooled([]))).toBeNaN();
  });

  it("explain all variance of a line, whatever its slope", () => {
    const groups = [
      [1, 2, 4],
      [3, 5],
      [0, 6],
    ].map((x) =>
      pairMoments(
        x,
        x.map((value) => 3 - 2 * value),
      ),
    );
    expect(crossFittedVariance(groups)).toBeCloseTo(1, 12);
  });

  it("explain what the other half's line does, by hand", () => {
    // First half: y = x. Second half: y = 2 at x = 0 and 1. Lines: y = x, y = 2.
    const [first, second] = [pairMoments([0, 1], [0, 1]), pairMoments([0, 1], [2, 2])];
    // Errors: (2 - 0)² + (2 - 1)² and (0 - 2)² + (1 - 2)²; y varies by 0 + 1 + 4 + 4 - 25 / 4.
    expect(crossFittedVariance([first, second])).toBeCloseTo(1 - 10 / 2.75, 12);
  });

  it("refuses lists of different lengths", () => {
    expect(() => pairMoments([1], [])).toThrow(RangeError);
  });
});
