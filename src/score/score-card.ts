import { type Displayable, displayable } from "../display.js";
import { auprcInterval } from "../stats/auprc-interval.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import { balancedAccuracy, balancedAccuracyInterval, type ClassCounts } from "../stats/balanced-accuracy.js";
import { bootstrap } from "../stats/bootstrap.js";
import { brierScore } from "../stats/brier-score.js";
import type { Confusion } from "../stats/confusion.js";
import { confusionInterval } from "../stats/confusion-interval.js";
import type { Estimate } from "../stats/estimate.js";
import { f1 } from "../stats/f1.js";
import { mcc } from "../stats/mcc.js";
import { precision } from "../stats/precision.js";
import { precisionAtRate } from "../stats/precision-at-rate.js";
import { weightedRate } from "../stats/weighted-rate.js";
import { wilson } from "../stats/wilson.js";
import { gradeOf, gradesOf } from "./graded-score.js";
import { scoreCardHtml, scoreCardText } from "./score-card-display.js";
import type { JudgedKind, Judgement, Score } from "./scorer.js";
import { rateByKind, rateByQuantile, rateOf } from "./summarise.js";

export const cardMetrics = [
  "accuracy",
  "balanced accuracy",
  "precision",
  "precision at the natural rate",
  "recall",
  "F1",
  "MCC",
  "AUROC",
  "AUPRC",
  "Brier score",
] as const;
export type CardMetric = (typeof cardMetrics)[number];

/** A rate of one class or kind, with Wilson's interval. */
export interface CardRate extends Estimate {
  /** Judgements with an answer. */
  readonly n: number;
}

/** All that one score's judgements say, each number with its 95 % interval. */
export interface ScoreCard {
  readonly scorer: string;
  readonly model: string;
  /** Judgements with an answer. */
  readonly n: number;
  /** Share of the answered ones where the latent fires: accuracy, precision, F1 and AUPRC depend on it. */
  readonly positiveShare: number;
  /** Share of all judgements that have no answer: unread replies and failed calls. */
  readonly unansweredShare: number;
  /** Those that exist: no Brier score without probabilities, no precision where nothing was called positive. */
  readonly metrics: Readonly<Partial<Record<CardMetric, Estimate>>>;
  /** Numbers of the scorer's own, such as purity, that have an interval: those of `Score.also` that are no metric of all. */
  readonly also: Readonly<Record<string, Estimate>>;
  /** Share of windows called so where the latent fires, by slice of peak activation; 0 is the strongest. */
  readonly byQuantile: ReadonlyMap<number, CardRate>;
  /** Share of the others called not so, by kind. */
  readonly byKind: ReadonlyMap<JudgedKind, CardRate>;
}

export interface ScoreCardOptions {
  /**
   * Share of windows in which the latent fires, in (0, 1): `firingRate` of examples and of results. Without it there is no precision at
   * the natural rate. False positives are those among random windows; harder negatives are met in no known share.
   */
  firingRate?: number | undefined;
  /** Resamples of the bootstrap, by context, of the Brier score. Default: 1,000. */
  resamples?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
}

/**
 * The card of one score: rates by Wilson, balanced accuracy by square-and-add, precision, F1 and MCC from Jeffreys
 * posteriors of both rates, AUROC by Newcombe, AUPRC by the jackknife, Brier score by a bootstrap over contexts. Judgements
 * without an answer are left out of all of them, and counted. There is no AUPRC at the natural rate: 50 negatives do not show the
 * few of thousands that would rank highest.
 *
 * @returns A value that shows itself as a table in a notebook.
 */
export function scoreCard(score: Score, options: ScoreCardOptions = {}): ScoreCard & Displayable {
  const { scorer, model, judgements } = score;
  const answered = judgements.filter(({ answer }) => answer.status === "ok");
  const positives = answered.filter(({ truth }) => truth);
  const negatives = answered.filter(({ truth }) => !truth);
  const quantiles = 1 + Math.max(-1, ...judgements.map(({ quantile }) => quantile ?? -1));
  const card: ScoreCard = {
    scorer,
    model,
    n: answered.length,
    positiveShare: positives.length / answered.length,
    unansweredShare: (judgements.length - answered.length) / judgements.length,
    metrics: { ...yesNoMetrics(positives, negatives, options), ...gradeMetrics(score, options) },
    also: ownNumbers(score),
    byQuantile: ratesOf(rateByQuantile(judgements, quantiles).entries()),
    byKind: ratesOf(rateByKind(negatives)),
  };
  return displayable(card, (shown) => ({
    "text/plain": scoreCardText(shown),
    "text/html": scoreCardHtml(shown).text,
  }));
}

function ownNumbers({ also = {}, alsoIntervals = {} }: Score): Record<string, Estimate> {
  const metrics: readonly string[] = cardMetrics;
  const own = Object.entries(alsoIntervals).filter(([name]) => !metrics.includes(name));
  return Object.fromEntries(own.map(([name, interval]) => [name, { value: also[name], interval }]));
}

type Metrics = Partial<Record<CardMetric, Estimate>>;

/** Kinds that are drawn as the corpus has them. */
const randomKinds: readonly JudgedKind[] = ["non-activating", "random"];

function yesNoMetrics(
  positives: readonly Judgement[],
  negatives: readonly Judgement[],
  { firingRate: rate, seed }: ScoreCardOptions,
): Metrics {
  const [positive, negative] = [rateOf(positives), rateOf(negatives)];
  if (positive.answered === 0 || negative.answered === 0) return {};
  const counts = confusionOf(positive, negative);
  const of = (metric: (counts: Confusion) => number) => confusionInterval(counts, metric, { seed });
  const atRandom = rateOf(negatives.filter(({ kind }) => randomKinds.includes(kind)));
  const rated = rate !== undefined && rate > 0 && rate < 1 && atRandom.answered > 0;
  return defined({
    accuracy: weightedRate([positive, negative].map((c) => ({ ...c, weight: c.answered }))),
    "balanced accuracy": {
      value: balancedAccuracy(positive, negative),
      interval: balancedAccuracyInterval(positive, negative),
    },
    precision: of(precision),
    ...(rated && { "precision at the natural rate": precisionAtRate(positive, atRandom, { rate }) }),
    recall: cardRate(positive),
    F1: of(f1),
    MCC: of(mcc),
  });
}

function confusionOf(positive: ClassCounts, negative: ClassCounts): Confusion {
  return {
    truePositives: positive.right,
    falseNegatives: positive.answered - positive.right,
    falsePositives: negative.answered - negative.right,
    trueNegatives: negative.right,
  };
}

function gradeMetrics({ judgements, grade }: Score, { resamples = 1000, seed }: ScoreCardOptions): Metrics {
  const graded = judgements.filter((judgement) => gradeOf(judgement) !== undefined);
  const { positives, negatives } = gradesOf(graded);
  if (positives.length === 0 || negatives.length === 0) return {};
  return defined({
    AUROC: aurocInterval(positives, negatives),
    AUPRC: auprcInterval(positives, negatives),
    ...(grade === "probability" && {
      "Brier score": bootstrap(graded, brierOf, {
        cluster: ({ context, start, text }) => context ?? `${start} ${text}`,
        stratum: ({ truth }) => truth,
        resamples,
        seed,
      }),
    }),
  });
}

function brierOf(judgements: readonly Judgement[]): number {
  return brierScore(
    judgements.map((judgement) => gradeOf(judgement) ?? Number.NaN),
    judgements.map(({ truth }) => truth),
  );
}

/** Without those that do not exist, such as the precision of a judge that called nothing positive. */
function defined(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, { value }]) => !Number.isNaN(value)));
}

function ratesOf<K>(counts: Iterable<readonly [K, ClassCounts]>): Map<K, CardRate> {
  const answered = [...counts].filter(([, { answered }]) => answered > 0);
  return new Map(answered.map(([key, rate]) => [key, cardRate(rate)]));
}

function cardRate({ right, answered }: ClassCounts): CardRate {
  return { value: right / answered, interval: wilson(right, answered), n: answered };
}
