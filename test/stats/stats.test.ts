import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { auroc } from "../../src/stats/auroc.js";
import { balancedAccuracy, balancedAccuracyInterval } from "../../src/stats/balanced-accuracy.js";
import { differenceInterval } from "../../src/stats/difference-interval.js";
import { histogram } from "../../src/stats/histogram.js";
import { mean } from "../../src/stats/mean.js";
import { pearson } from "../../src/stats/pearson.js";
import { median, quantile } from "../../src/stats/quantile.js";
import { ranks } from "../../src/stats/ranks.js";
import { spearman } from "../../src/stats/spearman.js";
import { summary } from "../../src/stats/summary.js";
import { wilson } from "../../src/stats/wilson.js";

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 });

describe("quantile(), median() and summary()", () => {
  test("interpolate between order statistics (type 7)", () => {
    // At 0.25 of four numbers: index 0.75, so 1 + 0.75 · (2 − 1).
    expect(quantile([4, 1, 2, 10], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([4, 1, 2, 10], 0)).toBe(1);
    expect(quantile([4, 1, 2, 10], 1)).toBe(10);
    expect(median([4, 1, 2, 10])).toBe(3);
    expect(median(Float32Array.of(7))).toBe(7);
    expect(summary([1, 2, 3, 4, 5])).toEqual({ count: 5, median: 3, lower: 2, upper: 4 });
  });

  test("do not sort as text, and leave their input alone", () => {
    const list = [10, 9, 100];
    expect(median(list)).toBe(10);
    expect(list).toEqual([10, 9, 100]);
  });

  test("refuse no numbers and shares outside [0, 1]", () => {
    expect(() => median([])).toThrow("Cannot take a quantile of no numbers");
    expect(() => quantile([1], 1.5)).toThrow("Cannot take the quantile 1.5: it must be in [0, 1]");
  });
});

describe("histogram()", () => {
  test("counts in bins of equal width, the last one closed", () => {
    expect(histogram([0, 0.4, 1, 1.5, 2], { bins: 2 })).toEqual([
      { from: 0, to: 1, count: 2 },
      { from: 1, to: 2, count: 3 },
    ]);
    expect(histogram([-1, 0.5, 3], { bins: 2, domain: [0, 1] }).map(({ count }) => count)).toEqual([0, 1]);
    expect(histogram([3, 3])).toEqual([{ from: 2.5, to: 3.5, count: 2 }]);
    expect(() => histogram([])).toThrow("give a domain");
  });

  test("counts every number of its domain once", () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 30 }), (list, bins) => {
        expect(histogram(list, { bins }).reduce((total, { count }) => total + count, 0)).toBe(list.length);
      }),
    );
  });
});

describe("wilson()", () => {
  test("gives Newcombe's published intervals (1998, table I, method 3)", () => {
    const published: [number, number, number, number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [successes, n, low, high] of published) {
      const interval = wilson(successes, n);
      expect(interval[0]).toBeCloseTo(low, 4);
      expect(interval[1]).toBeCloseTo(high, 4);
    }
  });

  test("knows nothing from nothing, and refuses impossible counts", () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
    expect(() => wilson(3, 2)).toThrow("Cannot give an interval for 3 of 2");
  });
});

describe("differenceInterval()", () => {
  test("gives Newcombe's published intervals (1998, table II, method 10)", () => {
    const published: [number, number, number, number, number, number][] = [
      [56, 70, 48, 80, 0.0524, 0.3339],
      [9, 10, 3, 10, 0.1705, 0.809],
      [10, 10, 0, 10, 0.6075, 1],
    ];
    for (const [right1, n1, right2, n2, low, high] of published) {
      const interval = differenceInterval({ right: right1, answered: n1 }, { right: right2, answered: n2 });
      expect(interval[0]).toBeCloseTo(low, 4);
      expect(interval[1]).toBeCloseTo(high, 4);
    }
  });
});

describe("balancedAccuracy() and its interval", () => {
  test("is the mean of the two rates, whatever the sizes of the classes", () => {
    expect(balancedAccuracy({ right: 9, answered: 10 }, { right: 50, answered: 100 })).toBeCloseTo(0.7, 12);
  });

  test("joins Wilson's distances by square-and-add", () => {
    // wilson(8, 10) = [0.49016, 0.94332], wilson(6, 10) = [0.31267, 0.83182], by hand from the formula.
    const [low, high] = balancedAccuracyInterval({ right: 8, answered: 10 }, { right: 6, answered: 10 });
    expect(low).toBeCloseTo(0.7 - Math.hypot(0.8 - 0.490162, 0.6 - 0.312674) / 2, 5);
    expect(high).toBeCloseTo(0.7 + Math.hypot(0.943318 - 0.8, 0.831822 - 0.6) / 2, 5);
  });

  test("is the interval of a difference, moved and halved: TPR + TNR = TPR − FPR + 1", () => {
    const count = fc
      .nat(60)
      .chain((answered) => fc.record({ right: fc.nat(answered + 1), answered: fc.constant(answered + 1) }));
    fc.assert(
      fc.property(count, count, (positive, negative) => {
        const mistakes = { right: negative.answered - negative.right, answered: negative.answered };
        const difference = differenceInterval(positive, mistakes).map((limit) => (limit + 1) / 2);
        balancedAccuracyInterval(positive, negative).forEach((limit, i) => {
          expect(limit).toBeCloseTo(difference[i] as number, 9);
        });
      }),
    );
  });

  test("refuses an empty class", () => {
    expect(() => balancedAccuracy({ right: 0, answered: 0 }, { right: 1, answered: 1 })).toThrow(RangeError);
  });
});

describe("ranks() and auroc()", () => {
  test("give ties the mean of their ranks", () => {
    expect([...ranks([10, 20, 10, 5])]).toEqual([2.5, 4, 2.5, 1]);
  });

  test("count pairs in the right order, ties half", () => {
    // Pairs (3,1) (3,2) (2,1) right, (2,2) a tie: 3.5 of 4.
    expect(auroc([3, 2], [1, 2])).toBe(0.875);
    expect(() => auroc([], [1])).toThrow("Cannot give an AUROC of 0 positives and 1 negatives");
  });

  test("equal the count over all pairs", () => {
    fc.assert(
      fc.property(numbers, numbers, (positives, negatives) => {
        const wins = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
        const expected = wins.reduce((total: number, win) => total + win, 0) / wins.length;
        expect(auroc(positives, negatives)).toBeCloseTo(expected, 12);
      }),
    );
  });
});

describe("pearson() and spearman()", () => {
  test("give hand-computed values", () => {
    // Means 2 and 3; products 2 + 0 + 1 = 3; squares 2 and 6: 3 / √12.
    expect(pearson([1, 2, 3], [1, 5, 3])).toBeCloseTo(2 / Math.sqrt(16), 12);
    expect(pearson([1, 2, 3], [2, 4, 6])).toBe(1);
    expect(pearson([1, 2, 3], [5, 5, 5])).toBeNaN();
    expect(spearman([1, 2, 3, 4], [1, 4, 9, 16])).toBe(1);
    // Ranks 1 2 3 4 against 2 1 4 3: 1 − 6 · 4 / (4 · 15).
    expect(spearman([1, 2, 3, 4], [20, 10, 40, 30])).toBeCloseTo(0.6, 12);
    expect(() => pearson([1, 2], [1])).toThrow("Cannot correlate 2 numbers with 1");
  });
});

describe("mean()", () => {
  test("gives the standard error over n − 1", () => {
    // Deviations −2, 0, 2: s² = 4, error 2 / √3.
    const { count, mean: middle, standardError } = mean([1, 3, 5]);
    expect([count, middle]).toEqual([3, 3]);
    expect(standardError).toBeCloseTo(2 / Math.sqrt(3), 12);
    expect(mean([7]).standardError).toBeNaN();
    expect(() => mean([])).toThrow("Cannot take the mean of no numbers");
  });
});
