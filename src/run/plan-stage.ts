/** What one stage of a run would ask: its prompts are recorded as they are built, and counted at the end. */
import type { Prices } from "../llm/model-facts.js";
import type { RehearsedQuestion } from "../llm/rehearsal.js";
import type { TextRequest } from "../llm/text-model.js";
import { replyTokens, type TokenCounter } from "../llm/token-counter.js";
import { type Random, seededRandom } from "../random.js";

/** An explainer's or a scorer's part of a plan. Numbers of tokens are whole and for all latents. */
export interface PlanStage {
  /** Name of the explainer or scorer. */
  readonly stage: string;
  /** Name of the language model that it asks. */
  readonly model: string;
  /** Whether it gives numbers about texts, as embedders and token scorers do, and no text. */
  readonly numbers: boolean;
  /** What that model's calls cost, where it was given prices of its own. */
  readonly prices?: Prices | undefined;
  readonly requests: number;
  readonly inputTokens: number;
  /** The part of `inputTokens` that stands at the beginning of many prompts, word for word. */
  readonly sharedTokens: number;
  /** The part of `sharedTokens` that the first prompt of each kind brings, and writes to a prompt cache. */
  readonly firstSharedTokens: number;
  /** Tokens of the shortest shared beginning: what the model's least cacheable length is compared with. */
  readonly shortestShared: number;
  readonly outputTokens: number;
}

/** Prompts that begin alike: system and few-shot turns. */
interface Kind {
  readonly first: TextRequest;
  readonly sample: TextRequest[];
  requests: number;
  lastCharacters: number;
}

/** The recorded prompts of one stage and model. */
export interface StageTally {
  /** @returns Characters of the prompt. */
  add(request: TextRequest, reply: string): number;
  /** @param scale Latents of the run per latent of the sample. */
  total(counter: TokenCounter, scale: number): Promise<PlanStage>;
}

/** Who is asked, and whether for numbers. */
interface StageModel {
  model: RehearsedQuestion["model"];
  numbers: boolean;
}

/** Of each kind of prompt, and of the replies, so many are counted; the others follow from their lengths. */
const counted = 24;

export function stageTally(stage: string, { model, numbers }: StageModel): StageTally {
  const kinds = new Map<string, Kind>();
  const replies = { count: 0, characters: 0, distinct: new Set<string>() };
  const random = seededRandom(`${stage} ${model.name}`);
  return {
    add(request, reply) {
      const key = JSON.stringify([request.system, ...request.messages.slice(0, -1)]);
      const kind = kinds.get(key) ?? { first: request, sample: [], requests: 0, lastCharacters: 0 };
      kinds.set(key, kind);
      kind.requests++;
      kind.lastCharacters += lastCharacters(request);
      keepSome(kind, request, random);
      replies.count++;
      replies.characters += reply.length;
      if (replies.distinct.size < counted) replies.distinct.add(reply);
      return key.length + lastCharacters(request);
    },
    async total(counter, scale) {
      const parts = await Promise.all([...kinds.values()].map((kind) => kindTokens(kind, counter)));
      const sum = (of: (part: (typeof parts)[number]) => number) =>
        Math.round(parts.reduce((total, part) => total + of(part), 0));
      const perCharacter = await replyRate([...replies.distinct], counter);
      return {
        stage,
        model: model.name,
        numbers,
        prices: model.prices,
        requests: Math.round(replies.count * scale),
        inputTokens: sum(({ all }) => all * scale),
        sharedTokens: sum(({ shared, requests }) => shared * requests * scale),
        firstSharedTokens: sum(({ shared }) => shared),
        shortestShared: Math.min(...parts.map(({ shared }) => shared)),
        outputTokens: Math.round(replies.characters * perCharacter * scale),
      };
    },
  };
}

/** Keeps a uniform sample of what goes by (reservoir sampling). */
function keepSome(kind: Kind, request: TextRequest, random: Random): void {
  const place = kind.requests <= counted ? kind.sample.length : random.integer(kind.requests);
  if (place < counted) kind.sample[place] = request;
}

async function kindTokens(
  { first, sample, requests, lastCharacters: characters }: Kind,
  counter: TokenCounter,
) {
  const [alone, bare] = await Promise.all([
    counter.count({ ...first, messages: [...first.messages.slice(0, -1), oneToken] }),
    counter.count({ ...first, system: "", messages: [oneToken] }),
  ]);
  const whole = await Promise.all(sample.map((request) => counter.count(request)));
  const lastTokens = whole.reduce((sum, n) => sum + n - alone, 0);
  const rate = lastTokens / sample.reduce((sum, request) => sum + lastCharacters(request), 0);
  // Services mark the end of the worked turns for their cache: without turns there is nothing to mark.
  const hasTurns = first.messages.length > 1;
  return { requests, shared: hasTurns ? alone - bare : 0, all: alone * requests + rate * characters };
}

const oneToken = { role: "user", content: "." } as const;

function lastCharacters({ messages }: TextRequest): number {
  return messages.at(-1)?.content.length ?? 0;
}

/** Tokens per character of replies. */
async function replyRate(replies: readonly string[], counter: TokenCounter): Promise<number> {
  const tokens = await Promise.all(replies.map((reply) => replyTokens(counter, reply)));
  const characters = replies.reduce((sum, reply) => sum + reply.length, 0);
  return tokens.reduce((sum, n) => sum + n, 0) / Math.max(1, characters);
}
