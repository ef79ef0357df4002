import type OpenAI from "openai";
import { hasAny, type Settings } from "../settings.js";
import { isOpenAI, type OpenAIServiceOptions, openAIService, serverSettings } from "./openai-service.js";
import { estimateTokens } from "./request-size.js";
import { NotAnAnswerError } from "./service-failure.js";
import { type TextAsking, TextCall } from "./text-call.js";
import type { TextModel, TextReply, TextRequest, Usage } from "./text-model.js";
import { wellFormed } from "./well-formed.js";

export interface OpenAICompatibleOptions extends OpenAIServiceOptions {
  /** Further members of every request, e.g. `{ chat_template_kwargs: { enable_thinking: false } }` for vLLM. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A chat model on a server that speaks OpenAI's dialect. Makes no call by itself. Thoughts that the server sends beside
 * the answer, or in `<think>` before it, are left out.
 *
 * @throws {ModelCallError} If OpenAI's own service is to be asked without a key (`scope` is `stop`).
 */
export function openAICompatible(options: OpenAICompatibleOptions): TextModel {
  const { model } = options;
  const { client, call, warn } = openAIService(options);
  const asking: TextAsking = {
    mostOutputTokens: ({ maxTokens }) => maxTokens,
    async send(request, limit) {
      const sent = await client.chat.completions.create(chatRequest(request, options), { signal: limit });
      const value = chatReply(sent, request);
      if (!sent.usage) {
        warn(`The server of "${model}" does not say how many tokens it used: they are estimated by length`);
      }
      return { value, usage: value.usage };
    },
  };
  return {
    name: model,
    settings: { ...serverSettings(options), ...extraSettings(options) },
    complete: (request, { signal } = {}) => call(new TextCall(asking, request, signal)),
  };
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

function chatReply(sent: OpenAI.ChatCompletion, request: TextRequest): TextReply {
  const choice = typeof sent === "object" ? sent?.choices?.[0] : undefined;
  if (!choice?.message)
    throw new NotAnAnswerError("the answer was not a chat completion, but perhaps a proxy's page");
  const { content, refusal } = choice.message;
  const text = withoutThoughts(content ?? refusal ?? "");
  return { text, stop: stopOf(choice), usage: usageOf(sent.usage, request, text), model: sent.model ?? "" };
}

function withoutThoughts(text: string): string {
  const end = text.trimStart().startsWith("<think>") ? text.indexOf("</think>") : -1;
  return end < 0 ? text : text.slice(end + "</think>".length).trimStart();
}

function stopOf({ finish_reason, message }: OpenAI.ChatCompletion.Choice): TextReply["stop"] {
  if (finish_reason === "content_filter" || message.refusal) return "refused";
  return finish_reason === "length" ? "truncated" : "end";
}

function usageOf(usage: OpenAI.CompletionUsage | undefined, request: TextRequest, text: string): Usage {
  if (!usage) {
    const outputTokens = estimateTokens({
      ...request,
      system: "",
      messages: [{ role: "assistant", content: text }],
    });
    return { inputTokens: estimateTokens(request), outputTokens, cachedInputTokens: 0 };
  }
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  };
}
