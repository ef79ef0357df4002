import { auroc } from "../stats/auroc.js";
import { confusion } from "../stats/confusion.js";
import { gradeOf, gradesOf } from "./graded-score.js";
import type { Judgement } from "./scorer.js";
import { saidYes } from "./summarise.js";
import { torchSum } from "./torch-sum.js";

/**
 * The numbers that delphi makes of a list of judgements, pooled, under its names: `accuracy` is balanced accuracy, what is
 * undefined is 0, judgements without an answer are left out. `auc` is there where probabilities are. `failed_count` is how
 * many have no answer; there it is always 0.
 *
 * @see EleutherAI/delphi at 3c2e139: log/result_analysis.py.
 */
export function delphiMetrics(judgements: readonly Judgement[]): Record<string, number> {
  const answered = judgements.filter((judgement) => saidYes(judgement) !== undefined);
  const counts = confusion(
    answered.map(({ truth }) => truth),
    answered.map((judgement) => saidYes(judgement) === true),
  );
  const { truePositives, trueNegatives, falsePositives, falseNegatives } = counts;
  const positives = truePositives + falseNegatives;
  const negatives = trueNegatives + falsePositives;
  const precision = share(truePositives, truePositives + falsePositives);
  const recall = share(truePositives, positives);
  const trueNegativeRate = share(trueNegatives, negatives);
  return {
    true_positives: truePositives,
    true_negatives: trueNegatives,
    false_positives: falsePositives,
    false_negatives: falseNegatives,
    total_examples: answered.length,
    total_positives: positives,
    total_negatives: negatives,
    failed_count: judgements.length - answered.length,
    precision,
    recall,
    f1_score: share(2 * (precision * recall), precision + recall),
    accuracy: (recall + trueNegativeRate) / 2,
    true_positive_rate: recall,
    true_negative_rate: trueNegativeRate,
    false_positive_rate: share(falsePositives, negatives),
    false_negative_rate: share(falseNegatives, positives),
    positive_class_ratio: share(positives, answered.length),
    negative_class_ratio: share(negatives, answered.length),
    ...auc(answered),
  };
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function auc(answered: readonly Judgement[]): { auc?: number } {
  const { positives, negatives } = gradesOf(answered.filter((judgement) => gradeOf(judgement) !== undefined));
  return positives.length > 0 && negatives.length > 0 ? { auc: auroc(positives, negatives) } : {};
}

/**
 * delphi's `weighted_f1`: the mean of F1 over the latents of a hookpoint, weighted by on how many tokens each fires, in single
 * precision as there.
 *
 * @param latents In order of index.
 */
export function delphiWeightedF1(
  latents: readonly { readonly f1: number; readonly count: number }[],
): number {
  const counts = Float32Array.from(latents, ({ count }) => count);
  const weighted = Float32Array.from(latents, ({ f1 }, i) => Math.fround(f1) * counts[i]);
  return Math.fround(torchSum(weighted) / torchSum(counts));
}
