import { auroc } from "../stats/auroc.js";
import { balancedAccuracy } from "../stats/balanced-accuracy.js";
import { classCounts, confusion } from "../stats/confusion.js";
import { f1 } from "../stats/f1.js";
import { precision } from "../stats/precision.js";
import { recall } from "../stats/recall.js";
import { gradeOf, gradesOf } from "./graded-score.js";
import type { Judgement } from "./scorer.js";
import { saidYes } from "./summarise.js";

/**
 * The numbers that delphi prints of a list of judgements, pooled, under its names: `accuracy` is balanced accuracy, what is
 * undefined is 0, judgements without an answer are left out. `auc` is there where probabilities are.
 *
 * @see EleutherAI/delphi at 3c2e139: log/result_analysis.py.
 */
export function delphiMetrics(judgements: readonly Judgement[]): Record<string, number> {
  const answered = judgements.filter((judgement) => saidYes(judgement) !== undefined);
  const counts = confusion(
    answered.map(({ truth }) => truth),
    answered.map((judgement) => saidYes(judgement) === true),
  );
  const { positive, negative } = classCounts(counts);
  const both = positive.answered > 0 && negative.answered > 0;
  const graded = gradesOf(answered.filter((judgement) => gradeOf(judgement) !== undefined));
  return {
    accuracy: both ? balancedAccuracy(positive, negative) : 0,
    precision: precision(counts) || 0,
    recall: recall(counts) || 0,
    f1_score: f1(counts) || 0,
    failed_count: judgements.length - answered.length,
    ...(graded.positives.length > 0 &&
      graded.negatives.length > 0 && { auc: auroc(graded.positives, graded.negatives) }),
  };
}

/** Mean of F1 over latents, weighted by how often each fires. */
export function delphiWeightedF1(
  latents: readonly { readonly f1: number; readonly count: number }[],
): number {
  const total = latents.reduce((sum, { count }) => sum + count, 0);
  return latents.reduce((sum, { f1, count }) => sum + f1 * count, 0) / total;
}
