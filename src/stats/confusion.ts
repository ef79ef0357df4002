import type { ClassCounts } from "./balanced-accuracy.js";

/** How judgements fell: truth against answer. */
export interface Confusion {
  readonly truePositives: number;
  readonly falseNegatives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
}

/**
 * Counts answers against truths. Judgements without an answer are not judgements: leave them out and report their
 * share beside the result.
 *
 * @throws {RangeError} If the lists differ in length.
 */
export function confusion(truths: readonly boolean[], answers: readonly boolean[]): Confusion {
  if (truths.length !== answers.length) {
    throw new RangeError(`Cannot compare ${truths.length} truths with ${answers.length} answers`);
  }
  const count = (truth: boolean, answer: boolean) =>
    truths.filter((value, i) => value === truth && answers[i] === answer).length;
  return {
    truePositives: count(true, true),
    falseNegatives: count(true, false),
    falsePositives: count(false, true),
    trueNegatives: count(false, false),
  };
}

/** The same counts by class: positives judged right, negatives judged right. */
export function classCounts(counts: Confusion): { positive: ClassCounts; negative: ClassCounts } {
  const { truePositives, falseNegatives, falsePositives, trueNegatives } = counts;
  return {
    positive: { right: truePositives, answered: truePositives + falseNegatives },
    negative: { right: trueNegatives, answered: trueNegatives + falsePositives },
  };
}
