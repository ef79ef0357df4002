import type { LatentExamples } from "../examples/example.js";
import { noUsage, type TextModel } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import { brierScore } from "../stats/brier-score.js";
import { attempt } from "./attempt.js";
import {
  type ClassificationPrompt,
  classificationPrompt,
  classificationRequest,
  readAnswers,
  readPercentages,
} from "./classification-prompt.js";
import { furtherNumbers } from "./further-numbers.js";
import { gradeOf, gradesOf } from "./graded-score.js";
import { isTokenScorer } from "./is-token-scorer.js";
import type { Item } from "./item.js";
import { inOrder, judge } from "./judge.js";
import type { Answer, Judgement, Score } from "./scorer.js";
import { scoreOf } from "./summarise.js";
import { together } from "./together.js";

/** What detection and fuzzing may be told. */
export interface ClassifyOptions {
  /** Default: 5 (the paper). A judge that gives probabilities is shown one text at a time. */
  examplesPerPrompt?: number | undefined;
  /** Ask how sure the judge is, in per cent, in place of yes and no. Default: no. */
  confidence?: boolean | undefined;
  /** Seed of the order in which examples are shown. Default: 22. */
  seed?: number | undefined;
}

export interface Classification {
  readonly scorer: string;
  readonly prompt: ClassificationPrompt;
  readonly explanation: string;
  readonly options: ClassifyOptions;
  readonly signal: AbortSignal | undefined;
}

/**
 * Has a judge say yes or no to each item: balanced accuracy. Where the judge gives probabilities (a `TokenScorer`: p("1")
 * against p("0")) or states them, yes is 0.5 and above, and `also` has the AUROC and the Brier score.
 */
export async function classify(
  model: TextModel | TokenScorer,
  { examples, items }: { examples: LatentExamples; items: readonly Item[] },
  { scorer, prompt, explanation, options, signal }: Classification,
): Promise<Score> {
  const { examplesPerPrompt = 5, confidence = false, seed = 22 } = options;
  if (isTokenScorer(model)) {
    const judgements = await byProbability(model, inOrder(items, examples, seed), {
      prompt,
      explanation,
      signal,
    });
    return withProbabilities(scoreOf({ scorer, model: model.name, judgements, usage: noUsage }));
  }
  const judged = await judge(model, examples, items, {
    request: (texts) => classificationRequest(prompt, { explanation, texts, confidence }),
    read: confidence
      ? (reply, n) => readPercentages(reply, n).map(answerOf)
      : (reply, n) => readAnswers(reply, n).map((yes) => ({ yes })),
    parser: confidence ? "percentages 1" : "answers 1",
    examplesPerPrompt,
    seed,
    signal,
  });
  const score = scoreOf({ scorer, model: model.name, ...judged });
  return confidence ? withProbabilities(score) : score;
}

/** One text at a time, so that no answer hangs on another. */
function byProbability(
  model: TokenScorer,
  items: readonly Item[],
  { prompt, explanation, signal }: Pick<Classification, "prompt" | "explanation" | "signal">,
): Promise<Judgement[]> {
  const judgeOne = async (shown: Item, stop: AbortSignal): Promise<Judgement> => {
    const { prefix, segment } = classificationPrompt(prompt, explanation, shown.text);
    const answer = await attempt(async () => {
      const choices = await model.choose(prefix, [segment], { candidates: ["0", "1"], signal: stop });
      return answerOf(choices.probabilities.data[1]);
    });
    return { ...shown, answer };
  };
  return together(items, judgeOne, { signal, concurrency: 1 });
}

function answerOf(probability: number): Answer {
  return { yes: probability >= 0.5, grade: probability };
}

function withProbabilities(score: Score): Score {
  const graded = score.judgements.filter((judgement) => gradeOf(judgement) !== undefined);
  const { positives, negatives } = gradesOf(graded);
  const both = positives.length > 0 && negatives.length > 0;
  return {
    ...score,
    grade: "probability",
    // The score card has the interval of the Brier score.
    ...furtherNumbers({
      ...(both && { AUROC: aurocInterval(positives, negatives) }),
      ...(graded.length > 0 && {
        "Brier score": brierScore(
          graded.map((judgement) => gradeOf(judgement) as number),
          graded.map(({ truth }) => truth),
        ),
      }),
    }),
  };
}
