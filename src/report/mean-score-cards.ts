import { type CardMetric, cardMetrics, scoreCard } from "../score/score-card.js";
import { type ClusteredMean, clusteredMean } from "../stats/clustered-mean.js";
import type { Estimate } from "../stats/estimate.js";
import type { Report } from "./report.js";

/** The mean over latents of what their score cards say, with 95 % intervals in which the latent is the unit. */
export interface MeanScoreCard {
  readonly scorer: string;
  readonly model: string;
  readonly metrics: Readonly<Partial<Record<CardMetric, ClusteredMean>>>;
  /** Numbers of the scorer's own, such as purity. */
  readonly also: Readonly<Record<string, ClusteredMean>>;
  /** Judgements of all latents with an answer, the share of them where the latent fires, and the share of all without. */
  readonly judgements: number;
  readonly positiveShare: number;
  readonly unansweredShare: number;
}

/** One card per scorer. A metric is the mean of the latents that have it; `count` says how many those are. */
export function meanScoreCards({ rows, scorers }: Pick<Report, "rows" | "scorers">): MeanScoreCard[] {
  return scorers.map((scorer) => {
    const scored = rows.flatMap(({ scores, firingRate }) => {
      const score = scores[scorer];
      // Intervals of single latents are not shown here: their bootstrap is kept short.
      return score ? [{ score, card: scoreCard(score, { firingRate, resamples: 20 }) }] : [];
    });
    const all = scored.flatMap(({ score }) => score.judgements);
    const answered = all.filter(({ answer }) => answer.status === "ok");
    return {
      scorer,
      model: [...new Set(scored.map(({ score }) => score.model))].join(", "),
      metrics: meansOf(
        cardMetrics,
        scored.map(({ card }) => card.metrics),
      ),
      also: meansOf(
        new Set(scored.flatMap(({ card }) => Object.keys(card.also))),
        scored.map(({ card }) => card.also),
      ),
      judgements: answered.length,
      positiveShare: answered.filter(({ truth }) => truth).length / answered.length,
      unansweredShare: (all.length - answered.length) / all.length,
    };
  });
}

/** The mean of each over the latents that have it. */
function meansOf<K extends string>(
  names: Iterable<K>,
  cards: readonly Readonly<Partial<Record<K, Estimate>>>[],
): Record<string, ClusteredMean> {
  return Object.fromEntries(
    Array.from(names).flatMap((name) => {
      const values = cards.flatMap((card) => card[name]?.value ?? []);
      return values.length === 0 ? [] : [[name, clusteredMean(values, [...values.keys()])]];
    }),
  );
}
