/**
 * A Messages API on the loopback, for tests that drive the real SDK: messages, streamed or not, token counts, the
 * prompt cache's accounts, rate limits, and every fault of `faults.ts`.
 */
import { type Fault, sendJson } from "./faults.js";
import {
  type Dialect,
  type Exchange,
  type LoopbackOptions,
  type LoopbackServer,
  loopback,
} from "./loopback.js";
import { ruleAnswer } from "./rule-model.js";

export type { Fault } from "./faults.js";
export { ruleAnswer } from "./rule-model.js";

type SentContent = string | readonly { type: string; text: string; cache_control?: { type: string } }[];

/** The parts of a request's body that this server and the tests look at. */
export interface SentBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly system?: string;
  readonly messages: readonly { role: string; content: SentContent }[];
  readonly temperature?: number;
  readonly thinking?: { type: string };
  readonly output_config?: { effort?: string };
  readonly stream?: boolean;
}

export type MessagesServer = LoopbackServer<SentBody>;

export interface MessagesServerOptions extends LoopbackOptions {
  /** Answers the last message. Default: the rule-based model. */
  answer?: ((question: string) => string) | undefined;
  /** Tokens that a prompt's beginning must have to be cached. Default: 0. */
  cacheMinimum?: number | undefined;
  /** Further routes, e.g. batches. Each gives false where it has no such thing. */
  routes?: readonly ((exchange: Exchange<SentBody>) => boolean | Promise<boolean>)[] | undefined;
}

export async function messagesServer(options: MessagesServerOptions = {}): Promise<MessagesServer> {
  const cache = promptCache(options.cacheMinimum ?? 0);
  const dialect: Dialect<SentBody> = {
    prepare({ request, url, body }) {
      if (request.method !== "POST" || url.pathname !== "/v1/messages") return undefined;
      const question = lastQuestion(body);
      return {
        question,
        refused: refusalOf(body),
        taken: { requests: 1, inputTokens: cache.fresh(body), outputTokens: 1 },
        answer: (fault) => {
          const message = fault
            ? spoiltMessage(body, fault, cache)
            : messageTo(body, (options.answer ?? ruleAnswer)(question), cache.bill(body));
          const events = body.stream ? eventsOf(message) : undefined;
          return { body: message, events, outputTokens: message.usage.output_tokens - 1 };
        },
      };
    },
    async other(exchange) {
      if (countTokens(exchange)) return true;
      for (const route of options.routes ?? []) if (await route(exchange)) return true;
      return false;
    },
    errorBody: ({ type, message, code }) => ({
      type: "error",
      error: { type, message, ...(code ? { details: { error_code: code } } : {}) },
      request_id: "req_1",
    }),
    limitHeaders: (limits) =>
      headersOf({
        "anthropic-ratelimit-requests-limit": limits.requestsPerMinute,
        "anthropic-ratelimit-input-tokens-limit": limits.inputTokensPerMinute,
        "anthropic-ratelimit-output-tokens-limit": limits.outputTokensPerMinute,
      }),
  };
  return await loopback(dialect, options);
}

/** The text of the last message. */
export function lastQuestion(body: SentBody): string {
  return plain(body.messages.at(-1)?.content ?? "");
}

/** Tokens by this server's rule: one for every four characters of the texts. */
export function tokensIn(body: Pick<SentBody, "system" | "messages">): number {
  const texts = [body.system ?? "", ...body.messages.map(({ content }) => plain(content))];
  return tokensOf(texts.join(""));
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

export interface BilledUsage {
  input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
}

/** Accounts of prompts' beginnings: written once, then read. */
export function promptCache(minimum: number) {
  const known = new Set<string>();
  const split = (body: SentBody) => {
    const marked = body.messages.findIndex(
      ({ content }) => typeof content !== "string" && content.some((block) => block.cache_control),
    );
    const prefix = { system: body.system ?? "", messages: body.messages.slice(0, marked + 1) };
    const cached = marked < 0 ? 0 : tokensIn(prefix);
    const key = JSON.stringify([body.model, prefix]);
    return { key, cached: cached >= minimum ? cached : 0, all: tokensIn(body) };
  };
  return {
    /** Tokens that count against the rate limit. */
    fresh(body: SentBody): number {
      const { key, cached, all } = split(body);
      return known.has(key) ? all - cached : all;
    },
    /** @param looks Whether what was written before is looked for. */
    bill(body: SentBody, looks = true): BilledUsage {
      const { key, cached, all } = split(body);
      const hit = looks && known.has(key);
      if (cached > 0) known.add(key);
      return {
        input_tokens: all - cached,
        cache_read_input_tokens: hit ? cached : 0,
        cache_creation_input_tokens: hit ? 0 : cached,
      };
    },
  };
}

/** A whole message of the model. */
export function messageTo(body: SentBody, text: string, usage: BilledUsage, stop = "end_turn") {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: body.model,
    content: text === "" ? [] : [{ type: "text", text }],
    stop_reason: stop,
    stop_sequence: null,
    stop_details: stop === "refusal" ? { type: "refusal", category: "bio", explanation: null } : null,
    usage: { ...usage, output_tokens: tokensOf(text) },
  };
}

/** A refusal, a cut reply and a senseless one are billed as any other; what breaks on the way is not. */
function spoiltMessage(body: SentBody, { kind }: Fault, cache: ReturnType<typeof promptCache>) {
  if (kind === "refusal") return messageTo(body, "", cache.bill(body), "refusal");
  if (kind === "max-tokens") return messageTo(body, "[1, 0", cache.bill(body), "max_tokens");
  if (kind === "garbage") return messageTo(body, "Sure! I think the answer is maybe.", cache.bill(body));
  const usage = { input_tokens: 10, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  return messageTo(body, "[1, 0, 1, 0, 1]", usage);
}

function eventsOf(message: ReturnType<typeof messageTo>): string[] {
  const { content, usage, stop_reason, stop_sequence } = message;
  const start = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 0 } };
  const pieces = (content[0]?.text ?? "").match(/.{1,8}/gsu) ?? [];
  return [
    { type: "message_start", message: start },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...pieces.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason, stop_sequence },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: "message_stop" },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function countTokens({ request, response, url, body }: Exchange<SentBody>): boolean {
  if (request.method !== "POST" || url.pathname !== "/v1/messages/count_tokens") return false;
  sendJson(response, 200, { input_tokens: tokensIn(body) });
  return true;
}

/** What models of today refuse. */
function refusalOf(body: SentBody): string | undefined {
  const modern = /-5/.test(body.model) && !/4-5/.test(body.model);
  if (modern && body.temperature !== undefined) return "temperature: not supported by this model";
  if (body.messages.at(-1)?.role !== "user") return "messages: the last message must be the user's";
  if (/sonnet-5/.test(body.model) && body.thinking?.type === "disabled")
    return "thinking: cannot be disabled";
  if (/opus-5/.test(body.model) && body.thinking !== undefined) return "thinking: cannot be set";
  return undefined;
}

function plain(content: SentContent): string {
  return typeof content === "string" ? content : content.map((block) => block.text).join("");
}

function headersOf(values: Record<string, number | undefined>): Record<string, string> {
  const stated = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(stated.map(([name, value]) => [name, String(value)]));
}
