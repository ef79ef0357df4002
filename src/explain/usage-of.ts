import type { Outcome } from "../llm/outcome.js";
import { addUsage, noUsage, type Usage } from "../llm/text-model.js";
import type { Explanation } from "./explainer.js";

/** What attempts at an explanation cost, those that failed too. */
export function usageOf(outcomes: readonly Outcome<Explanation>[]): Usage {
  const costs = outcomes.map((outcome) => (outcome.status === "ok" ? outcome.value.usage : outcome.usage));
  return costs.reduce<Usage>((sum, usage) => addUsage(sum, usage ?? noUsage), noUsage);
}
