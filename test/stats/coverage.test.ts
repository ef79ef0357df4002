/**
 * Do the intervals hold the truth as often as they say? Each is made 2,000 times from a simulated judge whose true rates
 * are drawn anew, so that the jumps of discrete data average out, and must hold the truth in 93 to 97 %.
 */
import { describe, expect, test } from "vitest";
import { type Random, seededRandom } from "../../src/random.js";
import { auprc } from "../../src/stats/auprc.js";
import { auprcInterval } from "../../src/stats/auprc-interval.js";
import { aurocInterval } from "../../src/stats/auroc-interval.js";
import { balancedAccuracyInterval, type ClassCounts } from "../../src/stats/balanced-accuracy.js";
import { bootstrap } from "../../src/stats/bootstrap.js";
import { brierScore } from "../../src/stats/brier-score.js";
import { clusteredMean } from "../../src/stats/clustered-mean.js";
import { cohenKappa } from "../../src/stats/cohen-kappa.js";
import type { Confusion } from "../../src/stats/confusion.js";
import { confusionInterval } from "../../src/stats/confusion-interval.js";
import { correlationInterval } from "../../src/stats/correlation-interval.js";
import { differenceInterval } from "../../src/stats/difference-interval.js";
import { f1 } from "../../src/stats/f1.js";
import { gammaDraw, normalDraw } from "../../src/stats/gamma-draw.js";
import { lift, meanLift, unpairedLift } from "../../src/stats/lift.js";
import { mcc } from "../../src/stats/mcc.js";
import { normalCdf, normalQuantile } from "../../src/stats/normal.js";
import { pairedDifference } from "../../src/stats/paired-difference.js";
import { pearson } from "../../src/stats/pearson.js";
import { precision } from "../../src/stats/precision.js";
import { precisionAtRate } from "../../src/stats/precision-at-rate.js";
import { roganGladen } from "../../src/stats/rogan-gladen.js";
import { latentsNeeded } from "../../src/stats/sample-size.js";
import { signFlipTest } from "../../src/stats/sign-flip-test.js";
import { weightedRate } from "../../src/stats/weighted-rate.js";
import { welchTest } from "../../src/stats/welch-test.js";
import { wilson } from "../../src/stats/wilson.js";

const runs = 2000;
type Interval = readonly [number, number];

/** Share of the runs whose interval holds the truth. */
function coverage(
  name: string,
  run: (random: Random) => { truth: number; interval: Interval },
  times = runs,
): number {
  const random = seededRandom(`coverage/${name}`);
  let inside = 0;
  for (let i = 0; i < times; i++) {
    const { truth, interval } = run(random);
    if (truth >= interval[0] && truth <= interval[1]) inside++;
  }
  return inside / times;
}

function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random.random();
}

function draw(random: Random, rate: number, answered: number): ClassCounts {
  let right = 0;
  for (let i = 0; i < answered; i++) if (random.random() < rate) right++;
  return { right, answered };
}

function drawConfusion(random: Random, [tpr, tnr]: readonly [number, number], n: number): Confusion {
  const positive = draw(random, tpr, n);
  const negative = draw(random, tnr, n);
  return {
    truePositives: positive.right,
    falseNegatives: n - positive.right,
    falsePositives: n - negative.right,
    trueNegatives: negative.right,
  };
}

function balancedShare(units: readonly { truth: boolean; right: boolean }[]): number {
  let [positives, negatives, rightPositives, rightNegatives] = [0, 0, 0, 0];
  for (const { truth, right } of units) {
    if (truth) positives++;
    else negatives++;
    if (right && truth) rightPositives++;
    if (right && !truth) rightNegatives++;
  }
  return (rightPositives / positives + rightNegatives / negatives) / 2;
}

const average = (list: readonly number[]) => list.reduce((sum, number) => sum + number, 0) / list.length;
const rates = (random: Random) => [uniform(random, 0.5, 0.97), uniform(random, 0.5, 0.97)] as const;

/** How far the grades of the two classes lie apart, in standard deviations. */
const distances = [0.3, 0.6, 0.9, 1.2, 1.5];
const grid = Array.from({ length: 4000 }, (_, i) => normalQuantile((i + 0.5) / 4000));
/** By distance, of the whole population, in equal classes; at 3.5 most samples are ranked perfectly or nearly so. */
const areaUnderPrecision = new Map(
  [...distances, 2, 2.5, 3, 3.5].map((d) => [
    d,
    auprc(
      grid.map((x) => x + d),
      grid,
    ),
  ]),
);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const brierOf = (d: number) =>
  (average(grid.map((x) => (1 - logistic(x + d)) ** 2)) + average(grid.map((x) => logistic(x) ** 2))) / 2;
const brierScores = new Map(distances.map((d) => [d, brierOf(d)]));

interface Graded {
  readonly truth: boolean;
  readonly x: number;
}

/** 50 grades of each class, and a statistic of them with the interval that score cards show. */
function gradedInterval(
  random: Random,
  distance: number,
  statistic: (positives: number[], negatives: number[]) => number,
): Interval {
  const drawn = Array.from({ length: 100 }, (_, i): Graded => {
    const truth = i < 50;
    return { truth, x: normalDraw(random) + (truth ? distance : 0) };
  });
  const of = (units: readonly Graded[], which: boolean) =>
    units.filter(({ truth }) => truth === which).map(({ x }) => x);
  return bootstrap(drawn, (units) => statistic(of(units, true), of(units, false)), {
    stratum: ({ truth }) => truth,
    resamples: 200,
    seed: random.integer(1e9),
  }).interval;
}

const simulations: Record<string, (random: Random) => { truth: number; interval: Interval }> = {
  "wilson()": (random) => {
    const rate = uniform(random, 0.05, 0.95);
    return { truth: rate, interval: wilson(draw(random, rate, 50).right, 50) };
  },
  "balancedAccuracyInterval()": (random) => {
    const [tpr, tnr] = rates(random);
    const interval = balancedAccuracyInterval(draw(random, tpr, 50), draw(random, tnr, 50));
    return { truth: (tpr + tnr) / 2, interval };
  },
  "weightedRate()": (random) => {
    const [easy, hard] = rates(random);
    const strata = [
      { ...draw(random, easy, 50), weight: 2 },
      { ...draw(random, hard, 30), weight: 1 },
    ];
    return { truth: (2 * easy + hard) / 3, interval: weightedRate(strata).interval };
  },
  "confusionInterval() of F1": (random) => {
    const [tpr, tnr] = rates(random);
    const truth = (2 * tpr) / (2 * tpr + (1 - tpr) + (1 - tnr));
    const { interval } = confusionInterval(drawConfusion(random, [tpr, tnr], 50), f1, {
      draws: 1000,
      seed: random.integer(1e9),
    });
    return { truth, interval };
  },
  "confusionInterval() of MCC": (random) => {
    const [tpr, tnr] = rates(random);
    const truth = mcc({
      truePositives: tpr,
      falseNegatives: 1 - tpr,
      falsePositives: 1 - tnr,
      trueNegatives: tnr,
    });
    const { interval } = confusionInterval(drawConfusion(random, [tpr, tnr], 50), mcc, {
      draws: 1000,
      seed: random.integer(1e9),
    });
    return { truth, interval };
  },
  "precisionAtRate()": (random) => {
    const [tpr, fpr, rate] = [uniform(random, 0.5, 0.97), uniform(random, 0.03, 0.4), 0.01];
    const negative = draw(random, 1 - fpr, 100);
    const { interval } = precisionAtRate(draw(random, tpr, 100), negative, { rate });
    return { truth: (rate * tpr) / (rate * tpr + (1 - rate) * fpr), interval };
  },
  "clusteredMean()": (random) => {
    const clusters = Array.from({ length: 120 }, (_, i) => Math.floor(i / 6));
    const offsets = Array.from({ length: 20 }, () => normalDraw(random));
    const numbers = clusters.map((cluster) => offsets[cluster] + normalDraw(random));
    return { truth: 0, interval: clusteredMean(numbers, clusters).interval };
  },
  "bootstrap() by document, strata kept": (random) => {
    const [tpr, tnr] = rates(random);
    const units = [true, false].flatMap((truth) =>
      Array.from({ length: 40 }, (_, document) => {
        const right = random.random() < (truth ? tpr : tnr);
        return [1, 2].map(() => ({ truth, document, right }));
      }).flat(),
    );
    const { interval } = bootstrap(units, balancedShare, {
      cluster: ({ document }) => document,
      stratum: ({ truth }) => truth,
      resamples: 200,
      seed: random.integer(1e9),
    });
    return { truth: (tpr + tnr) / 2, interval };
  },
  "bootstrap() of a skewed mean": (random) => {
    const numbers = Array.from({ length: 60 }, () => -Math.log(1 - random.random()));
    return {
      truth: 1,
      interval: bootstrap(numbers, average, { resamples: 400, seed: random.integer(1e9) }).interval,
    };
  },
  "roganGladen()": (random) => {
    const [q1, q0, rate] = [
      uniform(random, 0.75, 0.97),
      uniform(random, 0.75, 0.97),
      uniform(random, 0.1, 0.9),
    ];
    const seen = rate * q1 + (1 - rate) * (1 - q0);
    const { interval } = roganGladen(draw(random, seen, 300), {
      sensitivity: draw(random, q1, 100),
      specificity: draw(random, q0, 100),
    });
    return { truth: rate, interval };
  },
  "auprcInterval()": (random) => {
    const distance = random.pick([...areaUnderPrecision.keys()]);
    const grades = (shift: number) => Array.from({ length: 50 }, () => normalDraw(random) + shift);
    return {
      truth: areaUnderPrecision.get(distance) ?? 0,
      interval: auprcInterval(grades(distance), grades(0)).interval,
    };
  },
  "AUROC of a score card": (random) => {
    const distance = uniform(random, 0.2, 1.6);
    const draws = (shift: number) => Array.from({ length: 50 }, () => normalDraw(random) + shift);
    return {
      truth: normalCdf(distance / Math.SQRT2),
      interval: aurocInterval(draws(distance), draws(0)).interval,
    };
  },
  "Brier score of a score card": (random) => {
    const distance = random.pick(distances);
    const interval = gradedInterval(random, distance, (positives, negatives) =>
      brierScore([...positives, ...negatives].map(logistic), [
        ...positives.map(() => true),
        ...negatives.map(() => false),
      ]),
    );
    return { truth: brierScores.get(distance) ?? 0, interval };
  },
  "confusionInterval() of precision": (random) => {
    const [tpr, tnr] = rates(random);
    const { interval } = confusionInterval(drawConfusion(random, [tpr, tnr], 50), precision, {
      draws: 1000,
      seed: random.integer(1e9),
    });
    return { truth: tpr / (tpr + 1 - tnr), interval };
  },
  "differenceInterval()": (random) => {
    const [a, b] = rates(random);
    return { truth: a - b, interval: differenceInterval(draw(random, a, 50), draw(random, b, 50)) };
  },
  "lift()": (random) => {
    const [score, baseline] = [uniform(random, 0.6, 0.95), uniform(random, 0.3, 0.6)];
    const measured = [score, baseline].map((rate) => {
      const { right, answered } = draw(random, rate, 100);
      return { value: right / answered, interval: wilson(right, answered) };
    });
    return { truth: (score - baseline) / (1 - baseline), interval: lift(measured[0], measured[1]).interval };
  },
  "correlationInterval()": (random) => {
    const truth = uniform(random, -0.9, 0.9);
    const x = Array.from({ length: 40 }, () => normalDraw(random));
    const y = x.map((value) => truth * value + Math.sqrt(1 - truth * truth) * normalDraw(random));
    return { truth, interval: correlationInterval(pearson(x, y), 40).interval };
  },
  "cohenKappa()": (random) => {
    const agreeing = uniform(random, 0.3, 0.8);
    const first = Array.from({ length: 150 }, () => random.integer(2));
    const second = first.map((label) => (random.random() < agreeing ? label : random.integer(2)));
    return { truth: agreeing, interval: cohenKappa(first, second).interval };
  },
};

describe("intervals of 95 % hold the truth in 93 to 97 % of 2,000 runs", () => {
  test.each(Object.entries(simulations))("%s", { timeout: 120_000 }, (name, run) => {
    const share = coverage(name, run);
    expect(share).toBeGreaterThanOrEqual(0.93);
    expect(share).toBeLessThanOrEqual(0.97);
  });
});

/** A judge's balanced accuracy over 50 windows of each class, of which it gets `rate` right. */
function judged(random: Random, rate: number): number {
  return (draw(random, rate, 50).right + draw(random, rate, 50).right) / 100;
}

function betaDraw(random: Random, a: number, b: number): number {
  const x = gammaDraw(a, random);
  return x / (x + gammaDraw(b, random));
}

type Pair = readonly [score: number, nullScore: number];

/** 20,000 latents with their nulls: what a run draws from. */
const populations: Readonly<Record<string, readonly Pair[]>> = {
  "normal scores": population((random) => [0.7 + 0.1 * normalDraw(random), 0.55 + 0.06 * normalDraw(random)]),
  "scores no better than their nulls, some latents easier than others": population((random) => {
    const easiness = uniform(random, 0.4, 0.8);
    return [easiness + 0.1 * normalDraw(random), easiness + 0.1 * normalDraw(random)];
  }),
  // Rates of Beta(9, 1), whose skewness is -1.5, and of Beta(11, 9).
  "scores near 1": population((random) => [
    judged(random, betaDraw(random, 9, 1)),
    judged(random, betaDraw(random, 11, 9)),
  ]),
};

function population(pair: (random: Random) => Pair): Pair[] {
  const random = seededRandom("population");
  return Array.from({ length: 20_000 }, () => pair(random));
}

type Compare = (scores: number[], nulls: number[]) => { readonly interval: Interval } | undefined;
const liftOf = ([score, nullScore]: Pair) => (score - nullScore) / (1 - nullScore);
const differenceOf = ([score, nullScore]: Pair) => score - nullScore;

/** Comparisons of two means, of pairs or of latents of their own, and what they estimate. */
const comparisons: readonly [name: string, Compare, (means: Pair) => number, paired: boolean][] = [
  ["meanLift()", meanLift, liftOf, true],
  ["unpairedLift()", unpairedLift, liftOf, false],
  ["pairedDifference()", pairedDifference, differenceOf, true],
  ["welchTest()", welchTest, differenceOf, false],
];

describe("auprcInterval()", () => {
  test.each([10, 50])("of %i a class holds an area near 1, where it may be too wide", (n) => {
    const run = (random: Random) => {
      const grades = (shift: number) => Array.from({ length: n }, () => normalDraw(random) + shift);
      const { interval } = auprcInterval(grades(3.5), grades(0));
      return { truth: areaUnderPrecision.get(3.5) ?? 0, interval };
    };
    const share = coverage(`auprc/${n}`, run, 500);
    expect(share).toBeGreaterThanOrEqual(0.93);
  });
});

describe("intervals over few latents hold the truth in 93 to 97 % of 2,000 runs", () => {
  describe.each(comparisons)("%s", (name, compare, truthOf, paired) => {
    // Null runs have 5 latents or more; of 3 on each side Welch's interval holds the truth in up to 98 %.
    const sizes = paired ? [3, 5, 10, 20, 60] : [5, 10, 60];
    const cases = Object.keys(populations).flatMap((of) => sizes.map((n) => [of, n] as const));
    test.each(cases)("%s, %i latents", { timeout: 120_000 }, (of, n) => {
      const all = populations[of] ?? [];
      const truth = truthOf([average(all.map(([score]) => score)), average(all.map(([, null_]) => null_))]);
      const share = coverage(`${name}/${of}/${n}`, (random) => {
        const pairs = Array.from({ length: n }, () => random.pick(all));
        const others = paired ? pairs : pairs.map(() => random.pick(all));
        const scores = pairs.map(([score]) => score);
        const nulls = others.map(([, nullScore]) => nullScore);
        return { truth, interval: compare(scores, nulls)?.interval ?? [1, 0] };
      });
      expect(share).toBeGreaterThanOrEqual(0.93);
      expect(share).toBeLessThanOrEqual(0.97);
    });
  });
});

describe("latentsNeeded()", () => {
  test("plans a power that the paired test then has, within 3 points", { timeout: 120_000 }, () => {
    const random = seededRandom("power");
    const pairs = latentsNeeded(0.05, { sd: 0.15, correlation: 0.5 });
    let seen = 0;
    for (let i = 0; i < runs; i++) {
      const differences = Array.from({ length: pairs }, () => 0.05 + 0.15 * normalDraw(random));
      const { pValue } = signFlipTest(differences, { permutations: 400, seed: i });
      if (pValue <= 0.05) seen++;
    }
    expect(Math.abs(seen / runs - 0.8)).toBeLessThan(0.03);
  });
});
