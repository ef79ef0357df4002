/**
 * Claude as a `TextModel`, over the official SDK.
 *
 * Ours, not the SDK's: the retries (the SDK does not retry a cut body or half a JSON document), the time limit
 * (the SDK's covers the headers only; a body that stops half way would hang for five minutes) and the check
 * that the answer is a message at all. The end of the few-shot turns is marked for the service's prompt cache:
 * everything before it is the same for every latent.
 */
import Anthropic from "@anthropic-ai/sdk";
import { ModelCallError } from "../errors.js";
import { classify, modelCallError, NotAMessageError } from "./claude-failure.js";
import { claudeRequest } from "./claude-request.js";
import type { TextModel, TextReply } from "./text-model.js";
import { withConcurrency } from "./with-concurrency.js";
import { withRetries } from "./with-retries.js";

export interface ClaudeOptions {
  /** Default: `claude-haiku-5-5`. */
  model?: string | undefined;
  /** Default: the environment variable `ANTHROPIC_API_KEY`. */
  apiKey?: string | undefined;
  /** A server that speaks Claude's dialect. Default: `ANTHROPIC_BASE_URL`, else Anthropic's service. */
  baseURL?: string | undefined;
  /** Further attempts after a failure that passes with time. Default: 6, which rides out 20 s of overload. */
  maxRetries?: number | undefined;
  /** Time limit of one attempt, headers and body, in milliseconds. Default: 90,000. */
  timeoutMs?: number | undefined;
  /** Calls under way at a time. Default: 8. */
  concurrency?: number | undefined;
}

/**
 * Claude. Makes no call by itself.
 *
 * @throws {ModelCallError} If there is no key (`scope` is `stop`).
 */
export function claude(options: ClaudeOptions = {}): TextModel {
  const model = options.model ?? "claude-haiku-5-5";
  const apiKey = options.apiKey ?? process.env.ANTHROPIC_API_KEY ?? "";
  if (apiKey.trim() === "") {
    throw new ModelCallError(
      `Cannot use "${model}": no API key was found; set the environment variable ANTHROPIC_API_KEY, or use pattern(), which needs none`,
      "stop",
    );
  }
  const timeoutMs = options.timeoutMs ?? 90_000;
  const retries = options.maxRetries ?? 6;
  const client = new Anthropic({
    apiKey,
    baseURL: options.baseURL ?? process.env.ANTHROPIC_BASE_URL ?? "https://api.anthropic.com",
    maxRetries: 0,
    timeout: timeoutMs,
    // The SDK's log at level "debug" prints whole requests.
    logLevel: "off",
  });
  const one: TextModel = {
    name: model,
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      const body = claudeRequest(model, request);
      const attempt = async () => {
        const limit = AbortSignal.timeout(timeoutMs);
        const both = signal ? AbortSignal.any([signal, limit]) : limit;
        return await client.messages.create(body, { signal: both }).then(toReply, (error: unknown) => {
          throw limit.aborted ? limit.reason : error;
        });
      };
      const judge = (error: unknown) => {
        const failure = classify(error);
        return { again: failure.scope === "retry", waitMs: failure.waitMs };
      };
      try {
        return await withRetries(attempt, { retries, judge, signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw modelCallError(classify(error), model, apiKey);
      }
    },
  };
  return withConcurrency(one, options.concurrency ?? 8);
}

function toReply(message: Anthropic.Message): TextReply {
  if (typeof message !== "object" || message?.type !== "message" || !Array.isArray(message.content)) {
    throw new NotAMessageError("the answer was not a message, but perhaps a proxy's page");
  }
  const text = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  const usage = message.usage;
  const cachedInputTokens = usage?.cache_read_input_tokens ?? 0;
  const written = usage?.cache_creation_input_tokens ?? 0;
  return {
    text,
    stop: stopOf(message.stop_reason),
    usage: {
      inputTokens: (usage?.input_tokens ?? 0) + cachedInputTokens + written,
      outputTokens: usage?.output_tokens ?? 0,
      cachedInputTokens,
      cacheWriteTokens: written,
    },
    model: message.model,
  };
}

function stopOf(reason: Anthropic.Message["stop_reason"]): TextReply["stop"] {
  if (reason === "refusal") return "refused";
  if (reason === "max_tokens" || reason === "model_context_window_exceeded") return "truncated";
  return "end";
}
