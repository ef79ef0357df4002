import type { TextModel } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";

/** Whether a model gives probabilities, and not text. */
export function isTokenScorer(model: TextModel | TokenScorer): model is TokenScorer {
  return "choose" in model;
}
