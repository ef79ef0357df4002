import { priceAt } from "../llm/model-facts.js";
import { type PlanBackEnd, planBackEnds, stageUsage } from "./plan-back-end.js";
import type { PlanStage } from "./plan-stage.js";

/** Dollars for a whole run; `undefined` where a price is not known or there are no batches. */
export interface PlanPrice {
  /** A model of the price table for every stage, or `as given`. */
  readonly model: string;
  readonly live: number | undefined;
  readonly liveUncached: number | undefined;
  readonly batch: number | undefined;
  readonly batchUncached: number | undefined;
}

/** One row for the models as they were given, then one per model of the price table, cheapest first. */
export function planPrices(stages: readonly PlanStage[], batchHits: number): PlanPrice[] {
  return planBackEnds().map((backEnd) => ({
    model: backEnd.model,
    live: dollars(stages, backEnd, { hits: 1 }),
    liveUncached: dollars(stages, backEnd, { hits: 0 }),
    batch: dollars(stages, backEnd, { hits: batchHits, inBatches: true }),
    batchUncached: dollars(stages, backEnd, { hits: 0, inBatches: true }),
  }));
}

function dollars(
  stages: readonly PlanStage[],
  { factsOf }: PlanBackEnd,
  { hits, inBatches = false }: { hits: number; inBatches?: boolean },
): number | undefined {
  let total = 0;
  for (const stage of stages) {
    const facts = factsOf(stage);
    const share = inBatches ? facts.batch : 1;
    if (facts.prices === undefined || share === null) return undefined;
    total += share * priceAt(facts.prices, stageUsage(stage, facts, hits), { calls: stage.requests });
  }
  return total;
}
