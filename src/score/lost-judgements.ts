import { isLost } from "../llm/outcome.js";
import type { Score } from "./scorer.js";

/** How many judgements of a score were lost to calls that failed: see `isLost`. */
export function lostJudgements({ judgements }: Pick<Score, "judgements">): number {
  return judgements.filter(({ answer }) => isLost(answer)).length;
}
