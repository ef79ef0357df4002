import type { LatentExamples } from "../examples/example.js";
import { isLost, type Outcome } from "../llm/outcome.js";
import { addUsage, type Usage } from "../llm/text-model.js";
import { lostJudgements } from "../score/lost-judgements.js";
import type { Score, Scorer } from "../score/scorer.js";
import type { Explanation, Trial } from "./explainer.js";

/** An explanation and its score on the selection examples. */
export interface Tried extends Omit<Trial, "text"> {
  readonly explanation: Explanation;
  readonly score: Score;
  /** Of writing and scoring it. */
  readonly usage: Usage;
}

/** Scores an explanation; it is kept where it is better than all before. A text that was scored is not scored again. */
export async function tryOut(
  explanation: Explanation,
  options: {
    scorer: Scorer;
    examples: LatentExamples;
    before: readonly Tried[];
    signal: AbortSignal | undefined;
  },
): Promise<Tried> {
  const { scorer, examples, before, signal } = options;
  const known = before.find(({ explanation: { text } }) => text === explanation.text);
  const score = known?.score ?? (await scorer.score(explanation, examples, { signal }));
  const usage = known ? explanation.usage : addUsage(explanation.usage, score.usage);
  const most = bestTried(before)?.value ?? Number.NEGATIVE_INFINITY;
  const kept = before.length === 0 || (score.value ?? Number.NEGATIVE_INFINITY) > most;
  return { explanation, score, value: score.value, kept, usage };
}

/** The last one that was kept. */
export function bestTried(tried: readonly Tried[]): Tried | undefined {
  return tried.findLast(({ kept }) => kept);
}

/** Says so of the explanation that is chosen, where calls failed: those of `failed` attempts, and those that judged. */
export function incompleteness(
  tried: readonly Tried[],
  failed: readonly Outcome<unknown>[],
): { incomplete?: true } {
  const lacks = ({ explanation, score }: Tried) => explanation.incomplete || lostJudgements(score) > 0;
  return tried.some(lacks) || failed.some(isLost) ? { incomplete: true } : {};
}

export function trialOf({ explanation, value, kept }: Tried): Trial {
  return { text: explanation.text, value, kept };
}
