/** What score cards are made of, by hand. Agreement with other packages is in `reference.test.ts`. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { auprc } from "../../src/stats/auprc.js";
import { auprcInterval } from "../../src/stats/auprc-interval.js";
import { benjaminiHochberg } from "../../src/stats/benjamini-hochberg.js";
import { bootstrap } from "../../src/stats/bootstrap.js";
import { brierScore } from "../../src/stats/brier-score.js";
import { clusteredMean } from "../../src/stats/clustered-mean.js";
import { cohenKappa } from "../../src/stats/cohen-kappa.js";
import { confusion } from "../../src/stats/confusion.js";
import { confusionInterval } from "../../src/stats/confusion-interval.js";
import { correlationInterval } from "../../src/stats/correlation-interval.js";
import { disattenuatedCorrelation } from "../../src/stats/disattenuated-correlation.js";
import { f1 } from "../../src/stats/f1.js";
import { holm } from "../../src/stats/holm.js";
import { krippendorffAlpha } from "../../src/stats/krippendorff-alpha.js";
import { lift, meanLift, unpairedLift } from "../../src/stats/lift.js";
import { mcc } from "../../src/stats/mcc.js";
import { mcnemarTest } from "../../src/stats/mcnemar-test.js";
import { mean } from "../../src/stats/mean.js";
import { pairedDifference } from "../../src/stats/paired-difference.js";
import { positionInformation } from "../../src/stats/position-information.js";
import { precision } from "../../src/stats/precision.js";
import { precisionAtRate, ruleOfThree } from "../../src/stats/precision-at-rate.js";
import { ratioInterval } from "../../src/stats/ratio-interval.js";
import { recall } from "../../src/stats/recall.js";
import { roganGladen } from "../../src/stats/rogan-gladen.js";
import { judgementsNeeded, latentsNeeded, negativesNeeded } from "../../src/stats/sample-size.js";
import { signFlipTest } from "../../src/stats/sign-flip-test.js";
import { splitHalfReliability } from "../../src/stats/split-half-reliability.js";
import { weightedRate } from "../../src/stats/weighted-rate.js";
import { wilson } from "../../src/stats/wilson.js";

const average = (list: readonly number[]) => list.reduce((sum, number) => sum + number, 0) / list.length;

describe("metrics of a confusion", () => {
  const counts = { truePositives: 6, falseNegatives: 2, falsePositives: 3, trueNegatives: 9 };

  test("are shares of its counts", () => {
    expect(precision(counts)).toBeCloseTo(6 / 9, 12);
    expect(recall(counts)).toBeCloseTo(6 / 8, 12);
    expect(f1(counts)).toBeCloseTo(12 / 17, 12);
    expect(mcc(counts)).toBeCloseTo((6 * 9 - 2 * 3) / Math.sqrt(9 * 8 * 12 * 11), 12);
  });

  test("say so where they do not exist", () => {
    const never = confusion([true, false], [false, false]);
    expect(precision(never)).toBeNaN();
    expect(recall(never)).toBe(0);
    expect(mcc(never)).toBe(0);
    expect(f1(confusion([false], [false]))).toBeNaN();
    expect(() => confusion([true], [])).toThrow("Cannot compare 1 truths with 0 answers");
  });

  test("confusionInterval() has a width where no mistake was made, and needs both classes", () => {
    const perfect = { truePositives: 10, falseNegatives: 0, falsePositives: 0, trueNegatives: 10 };
    const { value, interval } = confusionInterval(perfect, mcc);
    expect(value).toBe(1);
    expect(interval[0]).toBeGreaterThan(0.6);
    expect(interval[0]).toBeLessThan(0.9);
    expect(interval[1]).toBe(1);
    expect(confusionInterval(perfect, mcc)).toEqual({ value, interval });
    expect(() => confusionInterval({ ...counts, falsePositives: 0, trueNegatives: 0 }, f1)).toThrow(
      RangeError,
    );
  });
});

describe("auprc() and brierScore()", () => {
  test("give hand-computed values", () => {
    // Ranks + − +: precision 1 at the first half, 2/3 at the second.
    expect(auprc([3, 1], [2])).toBeCloseTo((1 + 2 / 3) / 2, 12);
    // One step at which everything is called: chance.
    expect(auprc([1, 1], [1, 1, 1])).toBeCloseTo(0.4, 12);
    expect(auprc([1], [1], { rate: 0.01 })).toBeCloseTo(0.01, 12);
    expect(brierScore([1, 0.5], [true, false])).toBeCloseTo(0.125, 12);
  });

  test("refuse what has no answer", () => {
    expect(() => auprc([], [1])).toThrow("Cannot give an AUPRC of 0 positives and 1 negatives");
    expect(() => auprc([1], [1], { rate: 0 })).toThrow("at the rate 0");
    expect(() => brierScore([1.2], [true])).toThrow("the probability 1.2");
  });
});

describe("precisionAtRate()", () => {
  test("turns 0.9 and 0.1 into the published shares at 1 %, 0.1 % and 0.01 %", () => {
    const at = (rate: number) =>
      precisionAtRate({ right: 90, answered: 100 }, { right: 90, answered: 100 }, { rate }).value;
    expect(at(0.5)).toBeCloseTo(0.9, 12);
    expect([at(0.01), at(0.001), at(0.0001)].map((share) => Number(share.toPrecision(2)))).toEqual([
      0.083, 0.0089, 0.0009,
    ]);
  });

  test("claims nothing from 50 clean negatives at 0.1 %: the rule of three", () => {
    expect(ruleOfThree(50)).toEqual([0, 0.06]);
    const found = precisionAtRate({ right: 50, answered: 50 }, { right: 50, answered: 50 }, { rate: 0.001 });
    expect(found).toMatchObject({ value: 1, unbounded: true });
    expect(found.interval[0]).toBeLessThan(0.02);
    expect(found.interval[1]).toBe(1);
  });

  test("keeps its value inside its interval, and falls with the rate", () => {
    const counts = fc
      .integer({ min: 1, max: 60 })
      .chain((answered) => fc.record({ right: fc.nat(answered), answered: fc.constant(answered) }));
    fc.assert(
      fc.property(
        counts,
        counts,
        fc.double({ min: 1e-4, max: 0.4, noNaN: true }),
        (positive, negative, rate) => {
          const rare = precisionAtRate(positive, negative, { rate });
          if (Number.isNaN(rare.value)) return;
          expect(rare.interval[0]).toBeLessThanOrEqual(rare.value + 1e-12);
          expect(rare.interval[1]).toBeGreaterThanOrEqual(rare.value - 1e-12);
          expect(rare.interval[0]).toBeGreaterThanOrEqual(0);
          expect(rare.interval[1]).toBeLessThanOrEqual(1);
          const common = precisionAtRate(positive, negative, { rate: 2 * rate });
          expect(common.value).toBeGreaterThanOrEqual(rare.value);
        },
      ),
    );
  });

  test("says nothing where nothing was called positive", () => {
    const none = precisionAtRate({ right: 0, answered: 9 }, { right: 9, answered: 9 }, { rate: 0.1 });
    expect(none.value).toBeNaN();
    expect(none.interval).toEqual([0, 1]);
    expect(() =>
      precisionAtRate({ right: 0, answered: 0 }, { right: 1, answered: 1 }, { rate: 0.1 }),
    ).toThrow(RangeError);
    expect(() => precisionAtRate({ right: 1, answered: 1 }, { right: 1, answered: 1 }, { rate: 1 })).toThrow(
      "at the rate 1",
    );
  });
});

describe("weightedRate() and ratioInterval()", () => {
  test("weigh kinds by how often they occur, not by how often they were judged", () => {
    const random = { right: 99, answered: 100, weight: 0.95 };
    const hard = { right: 50, answered: 100, weight: 0.05 };
    const found = weightedRate([random, hard, { right: 0, answered: 0, weight: 0 }]);
    expect(found.value).toBeCloseTo(0.95 * 0.99 + 0.05 * 0.5, 12);
    const down = [random, hard].map((kind) => kind.weight * (kind.right / 100 - wilson(kind.right, 100)[0]));
    expect(found.interval[0]).toBeCloseTo(found.value - Math.hypot(...down), 12);
    expect(weightedRate([{ right: 8, answered: 10, weight: 3 }]).interval[1]).toBeCloseTo(
      wilson(8, 10)[1],
      12,
    );
    expect(() => weightedRate([{ right: 0, answered: 0, weight: 1 }])).toThrow("Cannot give a weighted rate");
  });

  test("ratioInterval() is the numerator's interval where the denominator is known", () => {
    const known = { value: 2, interval: [2, 2] as const };
    const found = ratioInterval({ value: 1, interval: [0.5, 1.2] }, known);
    expect(found.value).toBe(0.5);
    expect(found.interval[0]).toBeCloseTo(0.25, 12);
    expect(found.interval[1]).toBeCloseTo(0.6, 12);
    expect(ratioInterval(known, { value: 1, interval: [0, 3] }).interval[1]).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("clusteredMean() and bootstrap()", () => {
  test("are the plain mean where every number is a cluster", () => {
    const numbers = [1, 3, 5, 9, 2];
    const found = clusteredMean(numbers, [0, 1, 2, 3, 4]);
    expect(found.standardError).toBeCloseTo(mean(numbers).standardError, 12);
    expect(found).toMatchObject({ value: 4, count: 5, clusters: 5 });
    expect(clusteredMean(numbers, Array(5).fill("a")).interval).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test("grow by √k where each number stands there k times", () => {
    const numbers = Array.from({ length: 40 }, (_, i) => (i * 7919) % 97);
    const fourfold = numbers.flatMap((number, i) =>
      Array<{ number: number; i: number }>(4).fill({ number, i }),
    );
    const statistic = (list: readonly { number: number }[]) => average(list.map(({ number }) => number));
    const byNumber = { method: "percentile", cluster: ({ i }: { i: number }) => i } as const;
    const naive = bootstrap(fourfold, statistic, { method: "percentile" });
    const honest = bootstrap(fourfold, statistic, byNumber);
    expect(honest.standardError / naive.standardError).toBeCloseTo(2, 0);
    expect(bootstrap(fourfold, statistic, byNumber)).toEqual(honest);
  });

  test("keep strata: a class that was chosen is never drawn away", () => {
    const units = [true, true, false, false, false];
    const share = (list: readonly boolean[]) => list.filter(Boolean).length / list.length;
    const found = bootstrap(units, share, { stratum: (unit) => unit, method: "percentile" });
    expect(found.interval).toEqual([0.4, 0.4]);
    expect(found.defined).toBe(1);
  });

  test("say how often the statistic was no number, and refuse where that is mostly so", () => {
    const noNumber = (list: readonly number[]) => (list.includes(1) ? average(list) : Number.NaN);
    expect(bootstrap([1, 2, 3], noNumber).defined).toBeCloseTo(1 - (2 / 3) ** 3, 1);
    const many = [1, 2, 3, 4, 5];
    expect(() => bootstrap(many, (list) => (new Set(list).size === 5 ? 1 : Number.NaN))).toThrow(
      /is a number on \d+ of 2000 resamples/,
    );
    expect(() => bootstrap([], () => 1)).toThrow("Cannot bootstrap 0 units");
  });
});

describe("tests of paired conditions", () => {
  test("pairedDifference() sees what pairing shows, by Student's t", () => {
    const { value, interval } = pairedDifference([0.5, 0.9, 0.7, 0.8], [0.4, 0.8, 0.5, 0.8]);
    expect(value).toBeCloseTo(0.1, 12);
    // Differences 0.1, 0.1, 0.2, 0: s = 0.0816; 3.182 · s / 2.
    expect(interval[1] - value).toBeCloseTo(0.1299, 4);
    expect(() => pairedDifference([1], [])).toThrow("Cannot pair 1 numbers with 0");
  });

  test("signFlipTest() counts patterns: 2 of 2^5 are as one-sided as five wins", () => {
    expect(signFlipTest([1, 2, 3, 4, 5])).toEqual({ difference: 3, pValue: 2 / 32, exact: true });
    expect(signFlipTest([0, 0, 0]).pValue).toBe(1);
    const many = signFlipTest(Array(60).fill(0.1));
    expect(many).toMatchObject({ exact: false, pValue: 1 / 10_001 });
  });

  test("mcnemarTest() is a coin's chance: 1 to 6 gives 16 / 128", () => {
    const first = [true, ...Array(6).fill(false), true, false];
    const second = [false, ...Array(6).fill(true), true, false];
    const found = mcnemarTest(first, second);
    expect(found).toMatchObject({ onlyFirst: 1, onlySecond: 6 });
    expect(found.pValue).toBeCloseTo(16 / 128, 12);
    expect(mcnemarTest([true], [true]).pValue).toBe(1);
  });

  test("holm() and benjaminiHochberg() give hand-computed values in the order given", () => {
    const pValues = [0.03, 0.01, 0.04];
    [0.06, 0.03, 0.06].forEach((p, i) => {
      expect(holm(pValues)[i]).toBeCloseTo(p, 12);
    });
    [0.04, 0.03, 0.04].forEach((p, i) => {
      expect(benjaminiHochberg(pValues)[i]).toBeCloseTo(p, 12);
    });
    expect(() => holm([1.5])).toThrow("Cannot adjust the p-value 1.5");
    expect(holm([])).toEqual([]);
  });
});

describe("agreement and the judge's errors", () => {
  test("cohenKappa() gives a hand-computed value", () => {
    // 20 both yes, 15 both no, 5 and 10 differ: observed 0.7, chance 0.5.
    const pairs = [
      ...Array(20).fill([1, 1]),
      ...Array(5).fill([1, 0]),
      ...Array(10).fill([0, 1]),
      ...Array(15).fill([0, 0]),
    ];
    const { value } = cohenKappa(
      pairs.map(([a]) => a),
      pairs.map(([, b]) => b),
    );
    expect(value).toBeCloseTo(0.4, 12);
    expect(cohenKappa(["a", "a"], ["a", "a"]).value).toBeNaN();
  });

  test("krippendorffAlpha() gives the published values of a published table", () => {
    const x = undefined;
    const raters = [
      [x, x, x, x, x, 3, 4, 1, 2, 1, 1, 3, 3, x, 3],
      [1, x, 2, 1, 3, 3, 4, 3, x, x, x, x, x, x, x],
      [x, x, 2, 1, 3, 4, 4, x, 2, 1, 1, 3, 3, x, 4],
    ];
    const items = Array.from({ length: 15 }, (_, i) => raters.map((ratings) => ratings[i]));
    expect(krippendorffAlpha(items)).toBeCloseTo(0.691, 3);
    expect(krippendorffAlpha(items, { metric: "interval" })).toBeCloseTo(0.811, 3);
    expect(() => krippendorffAlpha([[1], [x, 2]])).toThrow("no item has two ratings");
    expect(krippendorffAlpha([[1, 1]])).toBeNaN();
  });

  test("roganGladen() undoes known errors", () => {
    // True 0.3; seen 0.3 · 0.9 + 0.7 · 0.2 = 0.41.
    const judge = { sensitivity: { right: 90, answered: 100 }, specificity: { right: 80, answered: 100 } };
    const { value, interval } = roganGladen({ right: 410, answered: 1000 }, judge);
    expect(value).toBeCloseTo(0.3, 12);
    expect(interval[0]).toBeGreaterThan(0.1);
    expect(interval[1]).toBeLessThan(0.45);
    const endless = roganGladen({ right: 41e7, answered: 1e9 }, judge).interval;
    expect(endless[1] - endless[0]).toBeGreaterThan(0.15);
    expect(() =>
      roganGladen({ right: 1, answered: 2 }, { ...judge, specificity: { right: 1, answered: 10 } }),
    ).toThrow("no better than chance");
  });
});

describe("correlations of scorers", () => {
  test("correlationInterval() is Fisher's", () => {
    const half = 1.959963984540054 / Math.sqrt(25);
    expect(correlationInterval(0.5, 28).interval[0]).toBeCloseTo(Math.tanh(Math.atanh(0.5) - half), 12);
    const wide = correlationInterval(0.5, 28, { kind: "spearman" }).interval;
    expect(wide[0]).toBeCloseTo(Math.tanh(Math.atanh(0.5) - half * Math.sqrt(1.125)), 12);
    expect(correlationInterval(1, 3).interval).toEqual([-1, 1]);
    expect(() => correlationInterval(2, 9)).toThrow("the correlation 2");
  });

  test("splitHalfReliability() is 1 without noise and 0 on average without signal", () => {
    expect(
      splitHalfReliability([
        [1, 1],
        [0, 0],
        [1, 1],
      ]),
    ).toBeCloseTo(1, 12);
    expect(() => splitHalfReliability([[1], [1, 2]])).toThrow("Cannot halve scores");
  });

  test("disattenuatedCorrelation() divides by the ceiling that noise sets", () => {
    const [x, y] = [
      [1, 2, 3, 4, 5],
      [1, 3, 2, 5, 4],
    ];
    const found = disattenuatedCorrelation(x, y, { reliabilities: [0.8, 0.9] });
    expect(found.measured.value).toBeCloseTo(0.8, 12);
    expect(found.value).toBeCloseTo(0.8 / Math.sqrt(0.72), 12);
    expect(() => disattenuatedCorrelation(x, y, { reliabilities: [0, 1] })).toThrow("the reliability 0");
  });
});

describe("planners", () => {
  test("latentsNeeded() gives 71 pairs, or 142 in each arm, for 0.80 against 0.85", () => {
    expect(latentsNeeded(0.05, { sd: 0.15, correlation: 0.5 })).toBe(71);
    expect(latentsNeeded(0.05, { sd: 0.15 })).toBe(142);
    expect(() => latentsNeeded(0, { sd: 1 })).toThrow("a difference of 0");
    expect(() => latentsNeeded(1, { sd: 1, correlation: 1 })).toThrow("a correlation of 1");
  });

  test("judgementsNeeded() gives the least n whose interval is narrow enough", () => {
    const width = (rate: number, n: number) => (wilson(rate * n, n)[1] - wilson(rate * n, n)[0]) / 2;
    for (const [halfWidth, rate] of [
      [0.11, 0.8],
      [0.05, 0.5],
      [0.3, 0.5],
    ]) {
      const n = judgementsNeeded(halfWidth, { rate });
      expect(width(rate, n)).toBeLessThanOrEqual(halfWidth);
      expect(width(rate, n - 1)).toBeGreaterThan(halfWidth);
    }
    expect(negativesNeeded(0.001)).toBe(3000);
    expect(() => judgementsNeeded(0)).toThrow(RangeError);
  });
});

describe("lift()", () => {
  test("is the share of what the null leaves, with the null's uncertainty", () => {
    const sure = (value: number) => ({ value, interval: [value, value] as const });
    expect(lift(sure(0.9), sure(0.5)).value).toBeCloseTo(0.8, 12);
    const found = lift({ value: 0.9, interval: [0.85, 0.94] }, sure(0.5));
    expect(found.interval[0]).toBeCloseTo(0.7, 12);
    expect(found.interval[1]).toBeCloseTo(0.88, 12);
    expect(lift(sure(0.4), sure(0.5)).value).toBeCloseTo(-0.2, 12);
    expect(() => lift(sure(0.9), sure(1))).toThrow("a null that is perfect");
  });

  test("meanLift() of equal lists is 0, and its interval is by pairs", () => {
    const scores = [0.6, 0.7, 0.8, 0.9, 0.5, 0.75];
    expect(meanLift(scores, scores)).toEqual({ value: 0, interval: [0, 0] });
    const better = meanLift(
      scores.map((score) => score + (1 - score) / 2),
      scores,
    );
    expect(better?.value).toBeCloseTo(0.5, 12);
    expect(better?.interval[0]).toBeCloseTo(0.5, 9);
    expect(() => meanLift([1], [])).toThrow("Cannot pair 1 scores with 0 nulls");
    expect(meanLift([0.9], [1])).toBeUndefined();
    expect(meanLift([], [])).toBeUndefined();
  });

  test("meanLift() and unpairedLift() by hand", () => {
    // Missing 0.2 and 0.1 of 0.5 each: 0.3 of it; relative to their means 4/3 and 2/3, error 1/3.
    const paired = meanLift([0.8, 0.9], [0.5, 0.5]);
    expect(paired?.value).toBeCloseTo(0.7, 12);
    expect(paired?.interval[1]).toBeCloseTo(1 - 0.3 * Math.exp(-12.7062047 / 3), 6);
    expect(paired?.interval[0]).toBeCloseTo(1 - 0.3 * Math.exp(12.7062047 / 3), 6);
    // As the null does not vary, so without pairs.
    const apart = unpairedLift([0.8, 0.9], [0.5, 0.5, 0.5]);
    expect(apart?.interval[1]).toBeCloseTo(paired?.interval[1] ?? 0, 9);
    expect(unpairedLift([0.8], [1, 1])).toBeUndefined();
    expect(unpairedLift([], [0.5])).toBeUndefined();
  });

  test("of scores that are all perfect has a width", () => {
    const [perfect, nulls] = [
      [1, 1, 1, 1, 1],
      [0.5, 0.6, 0.4, 0.5, 0.5],
    ];
    const low = 1 - (1 - wilson(5, 5)[0]) / 0.5;
    for (const found of [meanLift(perfect, nulls), unpairedLift(perfect, nulls)]) {
      expect(found?.value).toBe(1);
      expect(found?.interval[0]).toBeCloseTo(low, 12);
      expect(found?.interval[1]).toBe(1);
    }
  });

  test("of one latent is open below", () => {
    expect(meanLift([0.9], [0.5])?.interval).toEqual([Number.NEGATIVE_INFINITY, 1]);
  });
});

describe("positionInformation()", () => {
  test("is ln 2 where half of the positions fire always, and 0 where all fire alike", () => {
    expect(positionInformation([10, 0], 10)).toBeCloseTo(Math.LN2, 12);
    expect(positionInformation([3, 3, 3, 3], 10)).toBeCloseTo(0, 12);
    // Always at one position of four: −¾·ln ¾ − ¼·ln ¼.
    expect(positionInformation([10, 0, 0, 0], 10)).toBeCloseTo(
      -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25),
      12,
    );
    expect(() => positionInformation([11], 10)).toThrow(RangeError);
  });
});

describe("auprcInterval()", () => {
  const high = Array.from({ length: 49 }, (_, i) => 10 + i / 100);
  const low = Array.from({ length: 49 }, () => 0);

  test("holds its value, and is open below a perfect ranking", () => {
    const positives = [5, 4, 3, 1, 0.5];
    const mixed = auprcInterval(positives, [4.5, 2, 0, 0]);
    expect(mixed.value).toBe(auprc(positives, [4.5, 2, 0, 0]));
    expect(mixed.interval[0]).toBeLessThan(mixed.value);
    expect(mixed.interval[1]).toBeGreaterThan(mixed.value);
    expect(mixed.interval[1]).toBeLessThan(1);
    expect(auprcInterval([2, 2, 2], [1, 1])).toEqual({ value: 1, interval: [wilson(3, 3)[0], 1] });
    expect(auprcInterval([...high, 11], low)).toEqual({ value: 1, interval: [wilson(50, 50)[0], 1] });
  });

  test("does not collapse where one inversion is all that is missing", () => {
    const { value, interval } = auprcInterval([...high, 1], [2, ...low]);
    expect(value).toBeCloseTo(1 - 1 / 50 / 51, 12);
    expect(interval[0]).toBeLessThan(0.95);
    expect(interval[1]).toBeGreaterThan(value);
    const top = auprcInterval(high, [11, ...low]);
    expect(top.interval[0]).toBeLessThan(top.value - 0.05);
    expect(top.interval[1]).toBeGreaterThan(top.value + 0.01);
  });

  test("knows nothing of a class of one", () => {
    expect(auprcInterval([1], [2])).toEqual({ value: 0.5, interval: [0, 1] });
    expect(auprcInterval([3, 1], [2]).interval).toEqual([0, 1]);
    expect(auprcInterval([3], [2, 1]).interval).toEqual([0, 1]);
  });
});
