import type OpenAI from "openai";
import { hasAny, type Settings } from "../settings.js";
import { isOpenAI, type OpenAIServiceOptions, openAIService, serverSettings } from "./openai-service.js";
import { estimateTokens } from "./request-size.js";
import { NotAnAnswerError } from "./service-failure.js";
import { type TextAsking, TextCall } from "./text-call.js";
import type { TextModel, TextReply, TextRequest, Usage } from "./text-model.js";
import { cutInThought, isCutInThought, isThought, withoutThoughts } from "./thoughts.js";
import { wellFormed } from "./well-formed.js";

export interface OpenAICompatibleOptions extends OpenAIServiceOptions {
  /**
   * Output tokens that the thoughts of a model such as Qwen3, gpt-oss or R1 may take before each answer; they are added to
   * the length of the answer, for the server as for limits and budget. Default: 0.
   */
  roomToThink?: number | undefined;
  /** Further members of every request, e.g. `{ chat_template_kwargs: { enable_thinking: false } }` for vLLM; no limit of length. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A chat model on a server that speaks OpenAI's dialect. Makes no call by itself. Thoughts that the server sends beside
 * the answer, or before it with `</think>` at their end, are left out.
 *
 * @throws {ModelCallError} If OpenAI's own service is to be asked without a key, or the key cannot be sent (`scope` is `stop`).
 * @throws {RangeError} If `baseURL` is no address or holds a password, `roomToThink` is no whole number >= 0, or `extra` holds a
 *   limit of length.
 */
export function openAICompatible(options: OpenAICompatibleOptions): TextModel {
  const { model, prices } = options;
  const { client, call, warn } = openAIService(options);
  const room = roomToThink(options);
  const mostOutputTokens = ({ maxTokens }: TextRequest) => maxTokens + room;
  const asking: TextAsking = {
    mostOutputTokens,
    async send(request, limit) {
      const body = chatRequest({ ...request, maxTokens: mostOutputTokens(request) }, options);
      const sent = await client.chat.completions.create(body, { signal: limit });
      const value = chatReply(sent, request);
      if (isCutInThought(value)) warn(`"${model}" ${cutInThought}`);
      if (!sent.usage) {
        warn(`The server of "${model}" does not say how many tokens it used: they are estimated by length`);
      }
      return { value, usage: value.usage };
    },
  };
  return {
    ...{ name: model, prices },
    settings: {
      ...serverSettings(options),
      ...extraSettings(options),
      ...(room > 0 && { roomToThink: room }),
    },
    complete: (request, { signal } = {}) => call(new TextCall(asking, request, signal)),
  };
}

/** @throws {RangeError} If it is no number of tokens, or given where neither governor nor budget sees it. */
function roomToThink({ model, roomToThink: room = 0, extra = {} }: OpenAICompatibleOptions): number {
  if (!Number.isInteger(room) || room < 0) {
    throw new RangeError(
      `Cannot give "${model}" room for ${room} tokens of thought: give a whole number of at least 0`,
    );
  }
  const hidden = ["max_tokens", "max_completion_tokens"].find((name) => name in extra);
  if (hidden === undefined) return room;
  throw new RangeError(
    `Cannot send "${hidden}" to "${model}" as extra, where no budget sees it; give the tokens that its thoughts take as roomToThink`,
  );
}

/** What is added to every request, as it is sent: as JSON. */
function extraSettings({ extra = {} }: OpenAICompatibleOptions): Settings {
  const sent = JSON.parse(JSON.stringify(extra)) as Settings;
  return hasAny(sent) ? { extra: sent } : {};
}

function chatRequest(
  { system, messages, maxTokens, temperature }: TextRequest,
  { model, baseURL, extra }: OpenAICompatibleOptions,
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages: [
      ...(system === "" ? [] : [{ role: "system" as const, content: wellFormed(system) }]),
      ...messages.map(({ role, content }) => ({ role, content: wellFormed(content) })),
    ],
    // OpenAI's newer models refuse the old name, older servers do not know the new one.
    ...(isOpenAI(baseURL) ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...extra,
  };
}

/** With thoughts beside the answer, as DeepSeek and vLLM call them, or OpenRouter and Ollama. */
interface Message extends OpenAI.ChatCompletionMessage {
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
}

function chatReply(sent: OpenAI.ChatCompletion, request: TextRequest): TextReply {
  const choice = typeof sent === "object" ? sent?.choices?.[0] : undefined;
  if (!choice?.message)
    throw new NotAnAnswerError("the answer was not a chat completion, but perhaps a proxy's page");
  const { content, refusal, reasoning_content, reasoning } = choice.message as Message;
  const written = content ?? refusal ?? "";
  const text = withoutThoughts(written);
  const stop = isThought(text) ? "truncated" : stopOf(choice);
  const usage = usageOf(sent.usage, request, (reasoning_content ?? reasoning ?? "") + written);
  return { text, stop, usage, model: sent.model ?? "" };
}

/** OpenAI's, then those of Text Generation Inference and of Together. */
const ends: readonly unknown[] = ["stop", "eos_token", "stop_sequence", "eos"];

/** @throws {NotAnAnswerError} If the text is not said to be whole: OpenRouter ends half a text by `error`, vLLM by `abort`. */
function stopOf({ finish_reason, message }: OpenAI.ChatCompletion.Choice): TextReply["stop"] {
  if (finish_reason === "content_filter" || message.refusal) return "refused";
  if (finish_reason === "length") return "truncated";
  if (ends.includes(finish_reason)) return "end";
  throw new NotAnAnswerError(`the answer broke off (finish_reason ${JSON.stringify(finish_reason ?? null)})`);
}

/** As the server counts, or estimated from all that the model wrote. */
function usageOf(usage: OpenAI.CompletionUsage | undefined, request: TextRequest, written: string): Usage {
  if (!usage) {
    const outputTokens = estimateTokens({
      ...request,
      system: "",
      messages: [{ role: "assistant", content: written }],
    });
    return { inputTokens: estimateTokens(request), outputTokens, cachedInputTokens: 0 };
  }
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  };
}
