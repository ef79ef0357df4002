import { lostJudgements } from "../score/lost-judgements.js";
import type { Interpretation } from "./interpretation.js";

/**
 * Whether nothing is left to ask about a latent, when a run is taken up again: no call for its result failed. What the model
 * answered is its answer, a refusal too, and what nobody could be asked will not change.
 */
export function isFinished(result: Interpretation): boolean {
  if (result.status !== "scored") return result.status !== "failed";
  const { explanation, scores, unscored = [], nulls = [] } = result;
  return (
    !explanation.incomplete &&
    scores.every((score) => lostJudgements(score) === 0) &&
    unscored.every(({ lasting }) => lasting) &&
    !nulls.some(({ incomplete }) => incomplete)
  );
}
