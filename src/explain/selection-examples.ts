import type { LatentExamples } from "../examples/example.js";
import { latentName } from "../latent.js";
import type { Outcome } from "../llm/outcome.js";

/**
 * The selection examples in the place of the test examples, for scorers that choose between explanations: what they see is
 * never what the chosen explanation is scored on.
 */
export function selectionExamples(examples: LatentExamples): Outcome<LatentExamples> {
  const { select = [], selectNonActivating = [], calibrate: _, contrast: __, ...rest } = examples;
  if (select.length > 0 && selectNonActivating.length > 0) {
    return { status: "ok", value: { ...rest, test: select, nonActivating: selectNonActivating } };
  }
  const reason = `Cannot choose between explanations of ${latentName(examples.latent)}: it has ${select.length} selection examples and ${selectNonActivating.length} silent windows beside them; sample it with { select: 20 }`;
  return { status: "failed", reason };
}
