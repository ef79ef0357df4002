/** What a stage of a plan would use of a back end: what its price and its time follow from. */
import { knownModels, type ModelFacts, modelFacts, type Prices } from "../llm/model-facts.js";
import type { Usage } from "../llm/text-model.js";
import type { PlanStage } from "./plan-stage.js";

/** Who would answer: a model of the price table for every stage, or the models as they were given. */
export interface PlanBackEnd {
  /** A model's id, or `as given`. */
  readonly model: string;
  factsOf(stage: PlanStage): BackEndFacts;
}

/** What must be known of whoever answers a stage. */
export interface BackEndFacts extends Pick<ModelFacts, "quiet" | "batch"> {
  /** `undefined` where they are not known. */
  readonly prices: Prices | undefined;
  /** Tokens that a beginning must have to be cached; infinite where nothing is. */
  readonly cacheMinimum: number;
  /**
   * Whether what is read from the cache is left out of the limit of input tokens, as Anthropic does. Others count it in
   * full, or do not say.
   */
  readonly freeReads: boolean;
}

/** Thoughts of a model that cannot be kept from thinking, per call at the lowest effort; an assumption. */
export const thoughtTokens = 60;

/** The models as given, then those of the price table, cheapest first. */
export function planBackEnds(): PlanBackEnd[] {
  const others = knownModels().map((model) => backEnd(model, () => factsOf(model)));
  return [backEnd("as given", ({ model, prices }) => factsOf(model, prices)), ...others];
}

/** @param ofText Of who answers with text. Embedders and token scorers are always those that were given. */
function backEnd(model: string, ofText: PlanBackEnd["factsOf"]): PlanBackEnd {
  return { model, factsOf: (stage) => (stage.numbers ? numbersFacts(stage) : ofText(stage)) };
}

/** Asked live, also where questions go out in batches, and for nothing where no prices are known. */
function numbersFacts({ model, prices }: PlanStage): BackEndFacts {
  const facts = factsOf(model, prices);
  return { ...facts, prices: facts.prices ?? { input: 0, output: 0 }, batch: 1 };
}

/** Of a model that the table lacks, or that was given prices of its own, no more is known than these. */
function factsOf(model: string, given?: Prices): BackEndFacts {
  const facts = given ? undefined : modelFacts(model);
  if (facts) return { ...facts, prices: facts, cacheMinimum: facts.cacheMinimum ?? 0, freeReads: true };
  const caches = given?.cacheRead !== undefined;
  const cacheMinimum = caches ? 0 : Number.POSITIVE_INFINITY;
  return { prices: given, cacheMinimum, freeReads: false, quiet: "default", batch: null };
}

/**
 * What the service would report. Of shared beginnings, the share `hits` is read from the cache and the rest
 * written to it; with `hits` 0 nothing is cached. At a share of 1 each kind of prompt is still written once.
 */
export function stageUsage(
  stage: PlanStage,
  { cacheMinimum, quiet }: Pick<BackEndFacts, "cacheMinimum" | "quiet">,
  hits: number,
): Usage {
  const { inputTokens, sharedTokens, firstSharedTokens } = stage;
  const cached = hits > 0 && stage.shortestShared >= cacheMinimum;
  const cachedInputTokens = cached ? (sharedTokens - firstSharedTokens) * hits : 0;
  const thoughts = quiet === "low-effort" ? thoughtTokens * stage.requests : 0;
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens: cached ? sharedTokens - cachedInputTokens : 0,
    outputTokens: stage.outputTokens + thoughts,
  };
}
