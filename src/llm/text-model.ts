import type { Settings } from "../settings.js";
import type { Prices } from "./model-facts.js";
import type { FailureStatus } from "./outcome.js";

/** A language model that is given text and answers with text. */
export interface TextModel {
  /** Which one, as a report prints it: `claude-haiku-5-5`, `pattern (embedded)`. */
  readonly name: string;
  /**
   * What its replies hang on beside its name and the request: which server it is on, what is added to every request. Part of
   * a request's address in a ledger, and of a run's settings. Default: nothing.
   */
  readonly settings?: Settings | undefined;
  /** What its calls cost, in plans and ledgers. Default: as the price table has it for that name. */
  readonly prices?: Prices | undefined;
  /**
   * One call. A refusal or a reply cut by `maxTokens` is a reply, not an error.
   *
   * @throws {ModelCallError} If the call failed for good; says whether the run should stop.
   */
  complete(request: TextRequest, options?: { signal?: AbortSignal | undefined }): Promise<TextReply>;
  /** Input tokens that the service would bill for the request; where it can count them without answering. */
  count?(request: TextRequest, options?: { signal?: AbortSignal | undefined }): Promise<number>;
}

export interface TextRequest {
  /** The instruction. */
  readonly system: string;
  /** Few-shot turns, then the question; the last is the user's. */
  readonly messages: readonly TextMessage[];
  /** Length limit of the reply in the model's tokens. */
  readonly maxTokens: number;
  /** Sent only to models that take it. Default: the model's own. */
  readonly temperature?: number | undefined;
}

export interface TextMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

export interface TextReply {
  readonly text: string;
  readonly stop: "end" | "truncated" | "refused";
  readonly usage: Usage;
  /** Who answered, as the service reports it. */
  readonly model: string;
  /** Of the attempt that was answered, in milliseconds, where the back end knows it. */
  readonly latencyMs?: number | undefined;
  /** What the call cost in US dollars, where that is not the list price of `usage`. */
  readonly dollars?: number | undefined;
  /** Whoever reads the reply tells here what came of it; absent where nobody keeps book. */
  readonly onRead?: ((reading: ReplyReading) => void) | undefined;
}

/** What a parser made of a reply. */
export interface ReplyReading {
  /** Name and version of the parser, as `answers 1`. */
  readonly parser: string;
  readonly status: "ok" | FailureStatus;
  /** One sentence, unless the status is `ok`. */
  readonly reason?: string | undefined;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The part of `inputTokens` that was read from the service's prompt cache. */
  readonly cachedInputTokens: number;
  /** The part of `inputTokens` that was written to the prompt cache, which costs more than plain input. Default: 0. */
  readonly cacheWriteTokens?: number | undefined;
}

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  const cacheWriteTokens = (a.cacheWriteTokens ?? 0) + (b.cacheWriteTokens ?? 0);
  return {
    ...(cacheWriteTokens > 0 ? { cacheWriteTokens } : {}),
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
  };
}
