import { type PlanBackEnd, planBackEnds, stageUsage } from "./plan-back-end.js";
import type { PlanStage } from "./plan-stage.js";

/** How fast a service lets us go, all models of a run together. */
export interface Pace {
  readonly requestsPerMinute: number;
  /** What Claude reads from its prompt cache does not count. */
  readonly inputTokensPerMinute: number;
  readonly outputTokensPerMinute: number;
  readonly concurrency: number;
  readonly secondsPerCall: number;
  /** Most batches end within an hour, all within a day. */
  readonly hoursPerBatch: number;
}

/** How long a whole run takes. */
export interface PlanTime {
  /** A model of the price table for every stage, or `as given`. */
  readonly model: string;
  readonly live: LiveTime;
  readonly liveUncached: LiveTime;
  /** One round of batches after the other; `undefined` where there are none. */
  readonly batchSeconds: number | undefined;
}

export interface LiveTime {
  readonly seconds: number;
  /** What it is limited by. */
  readonly limit: string;
}

/**
 * One row for each back end, as for `planPrices` and from the same usage: live as long as the tightest limit and one call for
 * every round, in batches one round after the other.
 *
 * @param options.rounds How often an answer must be there before the next question can be asked.
 */
export function planTimes(
  stages: readonly PlanStage[],
  { pace, rounds }: { pace: Pace; rounds: number },
): PlanTime[] {
  const some = stages.some(({ requests }) => requests > 0) ? rounds : 0;
  // Each round begins with calls that go alone, since others wait for what they say or for the cache that they fill.
  const live = (backEnd: PlanBackEnd, hits: number): LiveTime => {
    const { seconds, limit } = tightestLimit(stages, backEnd, { pace, hits });
    return { seconds: seconds + some * pace.secondsPerCall, limit };
  };
  return planBackEnds().map((backEnd) => ({
    model: backEnd.model,
    live: live(backEnd, 1),
    liveUncached: live(backEnd, 0),
    batchSeconds: stages.some((stage) => backEnd.factsOf(stage).batch === null)
      ? undefined
      : some * pace.hoursPerBatch * 3600,
  }));
}

function tightestLimit(
  stages: readonly PlanStage[],
  { factsOf }: PlanBackEnd,
  { pace, hits }: { pace: Pace; hits: number },
): LiveTime {
  const total = { requests: 0, inputTokens: 0, outputTokens: 0 };
  for (const stage of stages) {
    const facts = factsOf(stage);
    const usage = stageUsage(stage, facts, hits);
    total.requests += stage.requests;
    total.inputTokens += usage.inputTokens - (facts.freeReads ? usage.cachedInputTokens : 0);
    total.outputTokens += usage.outputTokens;
  }
  const limits: LiveTime[] = [
    { limit: "requests per minute", seconds: (60 * total.requests) / pace.requestsPerMinute },
    { limit: "input tokens per minute", seconds: (60 * total.inputTokens) / pace.inputTokensPerMinute },
    { limit: "output tokens per minute", seconds: (60 * total.outputTokens) / pace.outputTokensPerMinute },
    { limit: "calls at a time", seconds: (total.requests * pace.secondsPerCall) / pace.concurrency },
  ];
  return limits.reduce((slowest, other) => (other.seconds > slowest.seconds ? other : slowest));
}
