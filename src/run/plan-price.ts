/** What a plan costs and how long it takes, from its tokens: arithmetic, with every assumption an option. */
import { knownModels, type ModelFacts, modelFacts, priceAt } from "../llm/model-facts.js";
import type { Usage } from "../llm/text-model.js";
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

/** How fast a service lets us go. */
export interface Pace {
  readonly requestsPerMinute: number;
  /** Tokens read from the prompt cache do not count. */
  readonly inputTokensPerMinute: number;
  readonly outputTokensPerMinute: number;
  readonly concurrency: number;
  readonly secondsPerCall: number;
  /** Most batches end within an hour, all within a day. */
  readonly hoursPerBatch: number;
}

export interface PlanTime {
  readonly liveSeconds: number;
  /** What the live time is limited by. */
  readonly limit: string;
  /** One round of batches after the other. */
  readonly batchSeconds: number;
}

/** Thoughts of a model that cannot be kept from thinking, per call at the lowest effort; an assumption. */
export const thoughtTokens = 60;

/** One row for the models as they were given, then one per model of the price table, cheapest first. */
export function planPrices(stages: readonly PlanStage[], batchHits: number): PlanPrice[] {
  const given = priceRow("as given", stages, { batchHits, modelOf: ({ model }) => model });
  const others = knownModels().map((id) => priceRow(id, stages, { batchHits, modelOf: () => id }));
  return [given, ...others];
}

function priceRow(
  model: string,
  stages: readonly PlanStage[],
  { batchHits, modelOf }: { batchHits: number; modelOf: (stage: PlanStage) => string },
): PlanPrice {
  const sum = (dollars: (stage: PlanStage, facts: ModelFacts) => number | undefined) =>
    stages.reduce<number | undefined>((total, stage) => {
      const facts = modelFacts(modelOf(stage));
      const part = facts && dollars(stage, facts);
      return total === undefined || part === undefined ? undefined : total + part;
    }, 0);
  const batched = (dollars: number, { batch }: ModelFacts) => (batch === null ? undefined : dollars * batch);
  return {
    model,
    live: sum((stage, facts) => stagePrice(stage, facts, 1)),
    liveUncached: sum((stage, facts) => stagePrice(stage, facts, 0)),
    batch: sum((stage, facts) => batched(stagePrice(stage, facts, batchHits), facts)),
    batchUncached: sum((stage, facts) => batched(stagePrice(stage, facts, 0), facts)),
  };
}

function stagePrice(stage: PlanStage, facts: ModelFacts, hits: number): number {
  return priceAt(facts, stageUsage(stage, facts, hits), { calls: stage.requests });
}

/**
 * What the service would report. Of shared beginnings, the share `hits` is read from the cache and the rest
 * written to it; with `hits` 0 nothing is cached. At a share of 1 each kind of prompt is still written once.
 */
export function stageUsage(stage: PlanStage, facts: ModelFacts, hits: number): Usage {
  const { inputTokens, sharedTokens, firstSharedTokens } = stage;
  const cached = hits > 0 && stage.shortestShared >= (facts.cacheMinimum ?? 0);
  const cachedInputTokens = cached ? (sharedTokens - firstSharedTokens) * hits : 0;
  const thoughts = facts.quiet === "low-effort" ? thoughtTokens * stage.requests : 0;
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens: cached ? sharedTokens - cachedInputTokens : 0,
    outputTokens: stage.outputTokens + thoughts,
  };
}

/**
 * How long a run takes: live as long as the tightest limit and one call for every round, in batches one round after the
 * other.
 *
 * @param rounds How often an answer must be there before the next question can be asked.
 */
export function planTime(stages: readonly PlanStage[], pace: Pace, rounds: number): PlanTime {
  const total = (of: (stage: PlanStage) => number) => stages.reduce((sum, stage) => sum + of(stage), 0);
  const requests = total((stage) => stage.requests);
  const fresh = total((stage) => stage.inputTokens - stage.sharedTokens + stage.firstSharedTokens);
  const limits: [string, number][] = [
    ["requests per minute", (60 * requests) / pace.requestsPerMinute],
    ["input tokens per minute", (60 * fresh) / pace.inputTokensPerMinute],
    ["output tokens per minute", (60 * total((stage) => stage.outputTokens)) / pace.outputTokensPerMinute],
    ["calls at a time", (requests * pace.secondsPerCall) / pace.concurrency],
  ];
  const [limit, seconds] = limits.reduce((slowest, other) => (other[1] > slowest[1] ? other : slowest));
  const some = requests > 0 ? rounds : 0;
  return {
    // Each round begins with calls that go alone, since others wait for what they say or for the cache that they fill.
    liveSeconds: seconds + some * pace.secondsPerCall,
    limit,
    batchSeconds: some * pace.hoursPerBatch * 3600,
  };
}
