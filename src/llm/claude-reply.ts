import type Anthropic from "@anthropic-ai/sdk";
import { NotAnAnswerError } from "./service-failure.js";
import type { TextReply } from "./text-model.js";

/**
 * What a message says, without the thoughts that came before it.
 *
 * @throws {NotAnAnswerError} If it is no message: the SDK gives a proxy's HTML page for one.
 */
export function claudeReply(message: Anthropic.Message): TextReply {
  if (typeof message !== "object" || message?.type !== "message" || !Array.isArray(message.content)) {
    throw new NotAnAnswerError("the answer was not a message, but perhaps a proxy's page");
  }
  const text = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  const usage = message.usage;
  const cachedInputTokens = usage?.cache_read_input_tokens ?? 0;
  const cacheWriteTokens = usage?.cache_creation_input_tokens ?? 0;
  return {
    text,
    stop: stopOf(message.stop_reason),
    usage: {
      inputTokens: (usage?.input_tokens ?? 0) + cachedInputTokens + cacheWriteTokens,
      outputTokens: usage?.output_tokens ?? 0,
      cachedInputTokens,
      cacheWriteTokens,
    },
    model: message.model,
  };
}

function stopOf(reason: Anthropic.Message["stop_reason"]): TextReply["stop"] {
  if (reason === "refusal") return "refused";
  if (reason === "max_tokens" || reason === "model_context_window_exceeded") return "truncated";
  return "end";
}
