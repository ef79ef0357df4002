import table from "./models.json" with { type: "json" };
import type { Usage } from "./text-model.js";

/** What must be known about a service's model to ask it well and to price the answer. */
export interface ModelFacts {
  /** US dollars per million tokens. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /**
   * How the model is kept from thinking before it answers, which is billed as output: nothing to do
   * (`default`), `thinking: disabled`, `thinking: between_tools`, or it cannot be kept from it and
   * gets the lowest effort.
   */
  readonly quiet: "default" | "disabled" | "between-tools" | "low-effort";
  /** Whether it takes `temperature`; the others answer 400. */
  readonly temperature: boolean;
  /** Tokens that a prompt's beginning must have to be cached; `null` where the documentation does not say. */
  readonly cacheMinimum: number | null;
  /** Price of a call in a Message Batch, as a share of the live price; `null` where there are no batches. */
  readonly batch: number | null;
  /** Of prompts with more than `above` tokens everything costs `times` as much, the reply included. Default: no such rule. */
  readonly longContext?: { readonly above: number; readonly times: number } | undefined;
}

/** When the table in `models.json` was read, and where. */
export const modelFactsDate: string = table.date;
export const modelFactsSource: string = table.source;

/**
 * The facts of a Claude model, by its id with or without a date at the end; `undefined` for a model that
 * the table lacks, e.g. one that another server offers in Claude's dialect.
 */
export function modelFacts(id: string): ModelFacts | undefined {
  const models = table.models as Record<string, ModelFacts>;
  const plain = id.replace(/-\d{8}$/, "");
  return Object.hasOwn(models, plain) ? models[plain] : undefined;
}

/** Models of the table, cheapest first. */
export function knownModels(): string[] {
  const models = table.models as Record<string, ModelFacts>;
  return Object.keys(models).sort((a, b) => (models[a]?.input ?? 0) - (models[b]?.input ?? 0));
}

/** US dollars per million tokens. Without a price for what is cached, nothing is taken to be: all input costs the same. */
export type Prices = Pick<ModelFacts, "input" | "output" | "longContext"> &
  Partial<Pick<ModelFacts, "cacheRead" | "cacheWrite">>;

/** Price in US dollars at the table's date, as `priceAt` has it; `undefined` for a model that it lacks. */
export function price(id: string, usage: Usage, options: { calls?: number } = {}): number | undefined {
  const facts = modelFacts(id);
  return facts && priceAt(facts, usage, options);
}

/**
 * Price in US dollars at given prices.
 *
 * @param options.calls The usage is that of so many calls, which are taken to be equally long. Default: 1.
 */
export function priceAt(prices: Prices, usage: Usage, { calls = 1 }: { calls?: number } = {}): number {
  const { input, output, cacheRead = input, cacheWrite = input, longContext } = prices;
  const { inputTokens, cachedInputTokens, cacheWriteTokens = 0, outputTokens } = usage;
  const fresh = inputTokens - cachedInputTokens - cacheWriteTokens;
  const dollars =
    fresh * input + cachedInputTokens * cacheRead + cacheWriteTokens * cacheWrite + outputTokens * output;
  const isLong = longContext !== undefined && inputTokens / calls > longContext.above;
  return ((isLong ? longContext.times : 1) * dollars) / 1e6;
}
