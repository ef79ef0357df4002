import { type Random, seededRandom } from "../random.js";
import { gradeOf } from "../score/graded-score.js";
import type { Judgement, Score } from "../score/scorer.js";
import { saidYes } from "../score/summarise.js";
import { quantile } from "../stats/quantile.js";
import { ranks } from "../stats/ranks.js";
import type { NullScore } from "./null-scores.js";

/**
 * What a judge's answers score when the truths are shuffled: the mean over permutations, the middle 95 % of them, and the
 * p-value of the score itself (the observed order counted among them).
 *
 * @returns `undefined` where the measure is neither balanced accuracy nor AUROC, or a class has no answer.
 */
export function shuffledNull(
  score: Score,
  { permutations = 999, seed = 22 }: { permutations?: number; seed?: number | string } = {},
): NullScore | undefined {
  const answers = answersOf(score);
  if (score.value === undefined || !answers) return undefined;
  const random = seededRandom(seed).fork(`shuffled ${score.scorer}`);
  const values = Array.from({ length: permutations }, () => shuffledArea(answers, random));
  const least = score.value - 1e-12;
  const asHigh = values.filter((value) => value >= least).length;
  return {
    kind: "shuffled labels",
    scorer: score.scorer,
    value: values.reduce((sum, value) => sum + value, 0) / permutations,
    interval: [quantile(values, 0.025), quantile(values, 0.975)],
    pValue: (asHigh + 1) / (permutations + 1),
  };
}

interface Answers {
  /** Midranks of numbers whose AUROC is the score: grades, or 1 and 0, whose AUROC is the balanced accuracy. */
  readonly ranks: Float64Array;
  readonly positives: number;
}

function answersOf({ measure, judgements }: Score): Answers | undefined {
  const read =
    measure === "AUROC" ? gradeOf : measure === "balanced accuracy" ? yesAsNumber : () => undefined;
  const graded = judgements.flatMap((judgement) => {
    const grade = read(judgement);
    return grade === undefined ? [] : [{ grade, truth: judgement.truth }];
  });
  const positives = graded.filter(({ truth }) => truth).length;
  if (positives === 0 || positives === graded.length) return undefined;
  return { ranks: ranks(graded.map(({ grade }) => grade)), positives };
}

function yesAsNumber(judgement: Judgement): number | undefined {
  const yes = saidYes(judgement);
  return yes === undefined ? undefined : Number(yes);
}

/** The AUROC if the positives were any others. */
function shuffledArea({ ranks: all, positives: m }: Answers, random: Random): number {
  const sum = random.sample(all, m).reduce((total, rank) => total + rank, 0);
  return (sum - (m * (m + 1)) / 2) / (m * (all.length - m));
}
