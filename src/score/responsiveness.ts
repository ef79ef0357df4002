import type { LatentExamples } from "../examples/example.js";
import type { TextModel } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { auprcInterval } from "../stats/auprc-interval.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import { furtherNumbers, rescaled } from "./further-numbers.js";
import { gradeOf } from "./graded-score.js";
import { textItems } from "./item.js";
import { checkPromptSize, judge } from "./judge.js";
import { ratingRequest, readRatings } from "./rating-prompt.js";
import type { Judgement, Score, Scorer } from "./scorer.js";

export interface ResponsivenessOptions {
  /** Default: 15 (FADE). */
  examplesPerPrompt?: number | undefined;
  /** Seed of the order in which examples are shown. Default: 22. */
  seed?: number | undefined;
}

/**
 * Responsiveness and purity (FADE, Puri et al. 2025, arXiv 2502.16994), from one set of ratings: whether the latent fires more
 * strongly on texts that hold what the explanation says, and whether it fires strongly on these alone.
 *
 * Input: test windows and silent windows as plain text, each rated 0 (not at all), 1 or 2 (clearly) by the judge; the ones
 * rated 1 are left out. Output: the AUROC of peak activations, rated 2 against rated 0. `also`: responsiveness, which is
 * 2·AUROC − 1 (FADE takes the absolute value, which hides a latent that fires on the opposite), purity, which is the
 * average precision of peak activations for rated 2 against rated 0, and what purity is by chance, the share of rated 2.
 * High clarity with low purity: the latent fires on other things too, or the explanation is too narrow.
 *
 * @throws {RangeError} If `examplesPerPrompt` is not a whole number of at least 1.
 */
export function responsiveness(llm: TextModel, options: ResponsivenessOptions = {}): Scorer {
  checkPromptSize(options);
  const name = "responsiveness";
  const { examplesPerPrompt = 15, seed = 22 } = options;
  return {
    name,
    model: llm.name,
    settings: settingsOf(options, llm),
    async score(explanation, examples, { signal } = {}) {
      const { judgements, usage } = await judge(llm, examples, textItems(examples), {
        request: (texts) => ratingRequest(explanation.text, texts),
        read: (reply, n) => readRatings(reply, n).map((grade) => ({ grade })),
        parser: "ratings 1",
        examplesPerPrompt,
        seed,
        signal,
      });
      return { ...ratedScore(judgements, examples), scorer: name, model: llm.name, usage };
    },
  };
}

function ratedScore(
  judgements: readonly Judgement[],
  examples: LatentExamples,
): Omit<Score, "scorer" | "model" | "usage"> {
  const { clear, none } = peaksByRating(judgements, examples);
  const both = clear.length > 0 && none.length > 0;
  const area = both ? aurocInterval(clear, none) : undefined;
  const answered = judgements.filter((judgement) => gradeOf(judgement) !== undefined).length;
  return {
    measure: "AUROC",
    chance: 0.5,
    value: area?.value,
    interval: area?.interval,
    grade: "rating",
    ...(area &&
      furtherNumbers({
        responsiveness: rescaled(area, (x) => 2 * x - 1),
        purity: auprcInterval(clear, none),
        "purity by chance": clear.length / (clear.length + none.length),
      })),
    truePositiveRate: undefined,
    trueNegativeRate: undefined,
    answered,
    unanswered: judgements.length - answered,
    judgements,
  };
}

/** Peak activations of the windows rated 2 and of those rated 0; a silent one may be an edited test window, of its place. */
function peaksByRating(judgements: readonly Judgement[], { test }: LatentExamples) {
  const peaks = new Map(test.map(({ context, start, peak }) => [`${context}:${start}`, peak]));
  const rated = (rating: number) =>
    judgements
      .filter((judgement) => gradeOf(judgement) === rating)
      .map(({ truth, context, start }) => (truth ? (peaks.get(`${context}:${start}`) ?? 0) : 0));
  return { clear: rated(2), none: rated(0) };
}
