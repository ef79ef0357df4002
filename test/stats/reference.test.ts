/** Against scipy, statsmodels, scikit-learn and krippendorff: `reference.py` made the numbers and says how. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { auprc } from "../../src/stats/auprc.js";
import { balancedAccuracy } from "../../src/stats/balanced-accuracy.js";
import { benjaminiHochberg } from "../../src/stats/benjamini-hochberg.js";
import { binomialCdf } from "../../src/stats/binomial-cdf.js";
import { bootstrap } from "../../src/stats/bootstrap.js";
import { brierScore } from "../../src/stats/brier-score.js";
import { clusteredMean } from "../../src/stats/clustered-mean.js";
import { cohenKappa } from "../../src/stats/cohen-kappa.js";
import { classCounts, confusion } from "../../src/stats/confusion.js";
import { correlationInterval } from "../../src/stats/correlation-interval.js";
import { f1 } from "../../src/stats/f1.js";
import { holm } from "../../src/stats/holm.js";
import { krippendorffAlpha } from "../../src/stats/krippendorff-alpha.js";
import { mcc } from "../../src/stats/mcc.js";
import { mcnemarTest } from "../../src/stats/mcnemar-test.js";
import { normalCdf, normalQuantile } from "../../src/stats/normal.js";
import { pearson } from "../../src/stats/pearson.js";
import { precision } from "../../src/stats/precision.js";
import { recall } from "../../src/stats/recall.js";
import { logGamma, regularizedBeta } from "../../src/stats/regularized-beta.js";
import { latentsNeeded } from "../../src/stats/sample-size.js";
import { signFlipTest } from "../../src/stats/sign-flip-test.js";
import { studentQuantile } from "../../src/stats/student-t.js";

const reference = JSON.parse(readFileSync(join(import.meta.dirname, "reference.json"), "utf8"));
const truths: boolean[] = reference.truth.map(Boolean);
const answers: boolean[] = reference.answer.map(Boolean);
const mean = (list: readonly number[]) => list.reduce((sum, number) => sum + number, 0) / list.length;

function expectAll(found: ArrayLike<number>, wanted: number[], digits = 12) {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((number, i) => {
    expect(found[i]).toBeCloseTo(number, digits);
  });
}

/** Relative: tails are small. */
function expectRatio(found: number, wanted: number) {
  if (wanted === 0) expect(Math.abs(found)).toBeLessThan(1e-14);
  else expect(found / wanted).toBeCloseTo(1, 11);
}

describe("distributions", () => {
  test("normalCdf() and normalQuantile() agree with scipy far into the tails", () => {
    for (const [z, p] of reference.normal) expectRatio(normalCdf(z), p);
    for (const [p, z] of reference.normalQuantile) expectRatio(normalQuantile(p), z);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
    expect(() => normalQuantile(2)).toThrow("Cannot take the normal quantile 2");
  });

  test("regularizedBeta(), logGamma(), binomialCdf() and studentQuantile() agree with scipy", () => {
    for (const [x, a, b, value] of reference.beta) expectRatio(regularizedBeta(x, a, b), value);
    for (const [n, value] of reference.logGamma) expectRatio(logGamma(n), value);
    for (const [k, n, p, value] of reference.binomial) expectRatio(binomialCdf(k, n, p), value);
    for (const [p, degrees, value] of reference.student) expectRatio(studentQuantile(p, degrees), value);
  });
});

describe("metrics of judgements", () => {
  test("confusion(), precision(), recall(), f1(), mcc() and balancedAccuracy() agree with scikit-learn", () => {
    const counts = confusion(truths, answers);
    expect(counts).toEqual(reference.confusion);
    expect(precision(counts)).toBeCloseTo(reference.precision, 12);
    expect(recall(counts)).toBeCloseTo(reference.recall, 12);
    expect(f1(counts)).toBeCloseTo(reference.f1, 12);
    expect(mcc(counts)).toBeCloseTo(reference.mcc, 12);
    const { positive, negative } = classCounts(counts);
    expect(balancedAccuracy(positive, negative)).toBeCloseTo(reference.balancedAccuracy, 12);
  });

  test("auprc() agrees with scikit-learn, ties and another share of positives included", () => {
    const of = (wanted: boolean) => reference.values.filter((_: number, i: number) => truths[i] === wanted);
    expect(auprc(of(true), of(false))).toBeCloseTo(reference.auprc, 12);
    expect(auprc(of(true), of(false), { rate: 0.05 })).toBeCloseTo(reference.auprcAt5, 12);
  });

  test("brierScore() agrees with scikit-learn", () => {
    expect(brierScore(reference.probabilities, truths)).toBeCloseTo(reference.brier, 12);
  });
});

describe("errors and tests", () => {
  test("clusteredMean() agrees with statsmodels' clustered errors", () => {
    const found = clusteredMean(reference.numbers, reference.clusters);
    expect(found.value).toBeCloseTo(reference.clusteredMean.value, 12);
    expect(found.standardError).toBeCloseTo(reference.clusteredMean.standardError, 12);
    expectAll(found.interval, reference.clusteredMean.interval, 9);
  });

  test("signFlipTest() counts as scipy does, and draws near it", () => {
    const exact = signFlipTest(reference.differences);
    expect(exact.exact).toBe(true);
    expect(exact.pValue).toBeCloseTo(reference.signFlip, 12);
    const drawn = signFlipTest(reference.differences, { permutations: 4000 });
    expect(drawn.exact).toBe(false);
    expect(Math.abs(drawn.pValue - reference.signFlip)).toBeLessThan(0.02);
  });

  test("mcnemarTest() agrees with statsmodels", () => {
    expect(mcnemarTest(reference.rightA, reference.rightB).pValue).toBeCloseTo(reference.mcnemar, 12);
  });

  test("holm() and benjaminiHochberg() agree with statsmodels", () => {
    expectAll(holm(reference.pValues), reference.holm);
    expectAll(benjaminiHochberg(reference.pValues), reference.benjaminiHochberg);
  });

  test("bootstrap() comes as near to scipy's BCa limits as resamples allow", () => {
    const found = bootstrap<number>(reference.skewed, mean, { resamples: 20_000 });
    found.interval.forEach((limit, i) => {
      expect(Math.abs(limit - reference.bca[i])).toBeLessThan(0.06 * reference.bcaError);
    });
    expect(found.standardError / reference.bcaError).toBeCloseTo(1, 1);
  });

  test("correlationInterval() agrees with scipy", () => {
    const r = pearson(reference.numbers, reference.cubes);
    expectAll(correlationInterval(r, 48).interval, reference.pearsonInterval);
  });

  test("latentsNeeded() agrees with statsmodels' power", () => {
    expect(latentsNeeded(0.05, { sd: 0.15 })).toBe(Math.ceil(reference.latentsPerArm));
    expect(latentsNeeded(0.05, { sd: 0.15, correlation: 0.5 })).toBe(Math.ceil(reference.latentPairs));
    expect(latentsNeeded(0.05, { sd: 0.15, correlation: 0.5 })).toBe(71);
  });
});

describe("agreement", () => {
  test("cohenKappa() agrees with statsmodels, its interval included", () => {
    const found = cohenKappa(reference.ratingsA, reference.ratingsB);
    expect(found.value).toBeCloseTo(reference.kappa.value, 12);
    expectAll(found.interval, reference.kappa.interval);
  });

  test("krippendorffAlpha() agrees with the krippendorff package, gaps included", () => {
    const items = reference.ratings.map((item: (number | null)[]) =>
      item.map((rating) => rating ?? undefined),
    );
    expect(krippendorffAlpha(items)).toBeCloseTo(reference.alphaNominal, 12);
    expect(krippendorffAlpha(items, { metric: "interval" })).toBeCloseTo(reference.alphaInterval, 12);
  });
});
