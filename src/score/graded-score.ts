import type { Outcome } from "../llm/outcome.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import type { Estimate } from "../stats/estimate.js";
import type { Item } from "./item.js";
import type { GradeUnit, Judgement, Score } from "./scorer.js";

/**
 * A score from grades: the AUROC of texts where the latent fires against the others, with Newcombe's interval.
 * Judgements without a grade are counted and otherwise left out.
 */
export function gradedScore(
  parts: Pick<Score, "scorer" | "model" | "judgements" | "usage" | "also" | "alsoIntervals"> & {
    readonly grade: GradeUnit;
  },
): Score {
  const { positives, negatives } = gradesOf(parts.judgements);
  const answered = positives.length + negatives.length;
  const both = positives.length > 0 && negatives.length > 0;
  const estimate = both ? aurocInterval(positives, negatives) : undefined;
  return {
    ...parts,
    measure: "AUROC",
    chance: 0.5,
    value: estimate?.value,
    interval: estimate?.interval,
    truePositiveRate: undefined,
    trueNegativeRate: undefined,
    answered,
    unanswered: parts.judgements.length - answered,
  };
}

/** Grades of the texts where the latent fires, and of the others. */
export function gradesOf(judgements: readonly Judgement[]): { positives: number[]; negatives: number[] } {
  const grades = (truth: boolean) =>
    judgements.flatMap((judgement) => {
      const grade = judgement.truth === truth ? gradeOf(judgement) : undefined;
      return grade === undefined ? [] : [grade];
    });
  return { positives: grades(true), negatives: grades(false) };
}

/** The judge's grade; `undefined` where it gave none. */
export function gradeOf({ answer }: Judgement): number | undefined {
  return answer.status === "ok" ? answer.value.grade : undefined;
}

/** Judgements from what was found of each item, or from one failure of all. */
export function gradedJudgements<T>(
  items: readonly Item[],
  found: Outcome<readonly T[]>,
  grade: (of: T) => number,
): Judgement[] {
  return items.map((shown, i) => ({
    ...shown,
    answer: found.status === "ok" ? { status: "ok", value: { grade: grade(found.value[i]) } } : found,
  }));
}

/** AUROC of other grades of the same items; `undefined` where a class is empty. */
export function areaOf(items: readonly Item[], grades: ArrayLike<number>): Estimate | undefined {
  const of = (wanted: boolean) => items.flatMap(({ truth }, i) => (truth === wanted ? [grades[i]] : []));
  const [positives, negatives] = [of(true), of(false)];
  return positives.length > 0 && negatives.length > 0 ? aurocInterval(positives, negatives) : undefined;
}
