import type { TextModel } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { settingsOf } from "../settings.js";
import { type ClassifyOptions, classify } from "./classify.js";
import { detectionPrompt } from "./detection-prompt.js";
import { textItems } from "./item.js";
import { checkPromptSize } from "./judge.js";
import type { Scorer } from "./scorer.js";

export interface DetectionOptions extends ClassifyOptions {}

/**
 * Detection (Paulo et al. 2024, section 3.3): whether a judge who reads plain texts finds those in which the latent fires.
 *
 * Input: test windows, and silent windows of contexts where the latent never fires, or of `negativeLadder`, which keep their
 * kind. Output: the balanced accuracy of yes and no, (TPR + TNR) / 2, with its interval. A reply that cannot be read is
 * no answer, where the paper's code counts it as five wrong ones.
 *
 * @param judge A model that gives text, or one that gives probabilities.
 * @throws {RangeError} If `examplesPerPrompt` is not a whole number of at least 1.
 */
export function detection(judge: TextModel | TokenScorer, options: DetectionOptions = {}): Scorer {
  checkPromptSize(options);
  const scorer = "detection";
  return {
    name: scorer,
    model: judge.name,
    settings: settingsOf(options, judge),
    score: ({ text: explanation }, examples, { signal } = {}) =>
      classify(
        judge,
        { examples, items: textItems(examples) },
        { scorer, prompt: detectionPrompt, explanation, options, signal },
      ),
  };
}
