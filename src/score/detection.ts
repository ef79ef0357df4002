import type { TextModel } from "../llm/text-model.js";
import { detectionRequest } from "./detection-prompt.js";
import { textItems } from "./item.js";
import { judge } from "./judge.js";
import type { Scorer } from "./scorer.js";
import { scoreOf } from "./summarise.js";

export interface DetectionOptions {
  /** Default: 5 (the paper). */
  examplesPerPrompt?: number | undefined;
  /** Seed of the order in which examples are shown. Default: 22. */
  seed?: number | undefined;
}

/**
 * Detection (Paulo et al. 2024, section 3.3): the judge reads plain texts and says in which of them the
 * explanation holds; the score is the balanced accuracy over test windows where the latent fires and windows
 * of contexts where it never does. A reply that cannot be read is no answer, where the paper's code counts
 * it as five wrong ones.
 */
export function detection(llm: TextModel, options: DetectionOptions = {}): Scorer {
  const { examplesPerPrompt = 5, seed = 22 } = options;
  const name = "detection";
  return {
    name,
    model: llm.name,
    async score(explanation, examples, { signal } = {}) {
      const items = textItems(examples);
      const request = (texts: readonly string[]) => detectionRequest(explanation.text, texts);
      const judged = await judge(llm, examples, items, { request, examplesPerPrompt, seed, signal });
      return scoreOf({ scorer: name, model: llm.name, ...judged });
    },
  };
}
