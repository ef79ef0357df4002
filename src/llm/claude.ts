/**
 * Claude as a `TextModel`, over the official SDK. The end of the few-shot turns is marked for the service's prompt
 * cache: everything before it is the same for every latent.
 */
import Anthropic from "@anthropic-ai/sdk";
import { ModelCallError } from "../errors.js";
import { claudeReply } from "./claude-reply.js";
import { claudeMaxTokens, claudeRequest } from "./claude-request.js";
import type { RateLimits } from "./governor.js";
import { modelFacts } from "./model-facts.js";
import { PromptCache } from "./prompt-cache.js";
import { serverName, serviceAddress } from "./service-address.js";
import { type Service, type ServiceCall, type ServiceOptions, serviceCalls } from "./service-calls.js";
import { NotAnAnswerError } from "./service-failure.js";
import { serviceKey } from "./service-key.js";
import { type TextAsking, TextCall } from "./text-call.js";
import { noUsage, type TextModel, type TextRequest } from "./text-model.js";

export interface ClaudeOptions extends ServiceOptions {
  /** Default: `claude-haiku-5-5`. */
  model?: string | undefined;
  /** Default: the environment variable `ANTHROPIC_API_KEY`. */
  apiKey?: string | undefined;
  /** A server that speaks Claude's dialect. Default: `ANTHROPIC_BASE_URL`, else Anthropic's service. */
  baseURL?: string | undefined;
  /** Told once if the prompt cache is not hit. Default: `console.warn`. */
  onWarning?: ((message: string) => void) | undefined;
}

/**
 * Claude. Makes no call by itself.
 *
 * @throws {ModelCallError} If there is no key, or none that can be sent (`scope` is `stop`).
 * @throws {RangeError} If `baseURL` is no address, or holds a password.
 */
export function claude(options: ClaudeOptions = {}): TextModel {
  const model = options.model ?? "claude-haiku-5-5";
  const key = claudeKey(model, options);
  const client = claudeClient(key, options);
  const facts = modelFacts(model);
  const service: Service = {
    ...{ sdk: Anthropic, model, key, prices: facts },
    keyAdvice: "check ANTHROPIC_API_KEY, or use pattern(), which needs no key",
  };
  const answers = serviceCalls(service, options);
  const asking = claudeAsking(client, model);
  // Counting is free and has a rate limit of its own.
  const counts = serviceCalls(service, { ...options, limits: undefined, budget: undefined });
  const cache = new PromptCache(model, {
    minimum: facts ? facts.cacheMinimum : Number.POSITIVE_INFINITY,
    warn: options.onWarning ?? console.warn,
    complete: (request, signal) => answers(new TextCall(asking, request, signal)),
  });
  return {
    name: model,
    // Claude is Claude by whatever way it is reached; another model is the one of that server.
    settings: model.startsWith("claude-") ? {} : { server: serverName(client.baseURL) },
    complete: (request, { signal } = {}) => cache.complete(request, signal),
    count: (request, { signal } = {}) => counts(counting(client, model, { request, signal })),
  };
}

/** The key that is used. @throws {ModelCallError} If there is none, or none that can be sent. */
export function claudeKey(model: string, options: ClaudeOptions): string {
  const key = serviceKey(options.apiKey ?? process.env.ANTHROPIC_API_KEY ?? "", model);
  if (key !== "") return key;
  throw new ModelCallError(
    `Cannot use "${model}": no API key was found; set the environment variable ANTHROPIC_API_KEY, or use pattern(), which needs none`,
    "stop",
  );
}

/** The official SDK without what saelab does itself, or does not want. @throws {RangeError} If `baseURL` is no address. */
export function claudeClient(apiKey: string, options: ClaudeOptions): Anthropic {
  return new Anthropic({
    apiKey,
    baseURL: serviceAddress(
      options.baseURL ?? (process.env.ANTHROPIC_BASE_URL || "https://api.anthropic.com"),
    ),
    maxRetries: 0,
    timeout: options.timeoutMs ?? 90_000,
    // The SDK's log at level "debug" prints whole requests.
    logLevel: "off",
  });
}

interface Question {
  request: TextRequest;
  signal: AbortSignal | undefined;
}

function claudeAsking(client: Anthropic, model: string): TextAsking {
  return {
    mostOutputTokens: (request) => claudeMaxTokens(model, request),
    async send(request, limit) {
      const body = claudeRequest(model, request);
      const { data, response } = await client.messages.create(body, { signal: limit }).withResponse();
      const value = claudeReply(data);
      return { value, usage: value.usage, limits: statedLimits(response.headers) };
    },
  };
}

function counting(client: Anthropic, model: string, { request, signal }: Question): ServiceCall<number> {
  const { system, messages, thinking } = claudeRequest(model, request);
  const body = { model, messages, ...(system ? { system } : {}), ...(thinking ? { thinking } : {}) };
  return {
    needs: { inputTokens: 0, outputTokens: 0 },
    mostInputTokens: 0,
    signal,
    async send(limit) {
      const { input_tokens } = await client.messages.countTokens(body, { signal: limit });
      if (typeof input_tokens !== "number")
        throw new NotAnAnswerError("the answer holds no number of tokens");
      return { value: input_tokens, usage: noUsage };
    },
  };
}

/** Limits per minute as Anthropic states them in the headers of every answer. */
function statedLimits(headers: Headers): RateLimits {
  const limit = (name: string) => {
    const stated = Number(headers.get(`anthropic-ratelimit-${name}-limit`));
    return stated > 0 ? stated : undefined;
  };
  return {
    requestsPerMinute: limit("requests"),
    inputTokensPerMinute: limit("input-tokens"),
    outputTokensPerMinute: limit("output-tokens"),
  };
}
