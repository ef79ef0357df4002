import type { Usage } from "../llm/text-model.js";
import { balancedAccuracy, balancedAccuracyInterval, type ClassCounts } from "../stats/balanced-accuracy.js";
import type { JudgedKind, Judgement, Score } from "./scorer.js";

/**
 * A score from yes and no: balanced accuracy, with Wilson's interval of each rate joined by Newcombe's square-and-add.
 * Judgements without an answer are counted and otherwise left out.
 */
export function scoreOf(parts: {
  scorer: string;
  model: string;
  judgements: readonly Judgement[];
  usage: Usage;
}): Score {
  const { judgements } = parts;
  const positive = rateOf(judgements.filter(({ truth }) => truth));
  const negative = rateOf(judgements.filter(({ truth }) => !truth));
  const both = positive.answered > 0 && negative.answered > 0;
  const answered = positive.answered + negative.answered;
  return {
    ...parts,
    measure: "balanced accuracy",
    chance: 0.5,
    value: both ? balancedAccuracy(positive, negative) : undefined,
    interval: both ? balancedAccuracyInterval(positive, negative) : undefined,
    truePositiveRate: share(positive),
    trueNegativeRate: share(negative),
    answered,
    unanswered: judgements.length - answered,
  };
}

/** Whether the judge said yes; `undefined` where it gave no such answer. */
export function saidYes({ answer }: Judgement): boolean | undefined {
  return answer.status === "ok" ? answer.value.yes : undefined;
}

/** Of the judgements with yes or no, how many are right. */
export function rateOf(judgements: readonly Judgement[]): ClassCounts {
  const answered = judgements.filter((judgement) => saidYes(judgement) !== undefined);
  const right = answered.filter((judgement) => saidYes(judgement) === judgement.truth);
  return { right: right.length, answered: answered.length };
}

/** Share of activating examples called so, per slice by peak activation; slice 0 is the strongest. */
export function rateByQuantile(judgements: readonly Judgement[], quantiles: number): ClassCounts[] {
  return Array.from({ length: quantiles }, (_, q) =>
    rateOf(judgements.filter(({ truth, quantile }) => truth && quantile === q)),
  );
}

/** Share judged right per kind of example; kinds that do not occur are absent. */
export function rateByKind(judgements: readonly Judgement[]): Map<JudgedKind, ClassCounts> {
  const kinds = new Set(judgements.map(({ kind }) => kind));
  return new Map([...kinds].map((kind) => [kind, rateOf(judgements.filter((j) => j.kind === kind))]));
}

/** `undefined` where nothing was answered. */
export function share({ right, answered }: ClassCounts): number | undefined {
  return answered === 0 ? undefined : right / answered;
}
