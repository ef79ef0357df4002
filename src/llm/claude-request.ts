import type Anthropic from "@anthropic-ai/sdk";
import { modelFacts } from "./model-facts.js";
import type { TextRequest } from "./text-model.js";
import { wellFormed } from "./well-formed.js";

/**
 * The body that asks `model` for a reply: without the parameters that it refuses, kept from thinking where
 * that is possible, with one cache mark at the end of the few-shot turns.
 */
export function claudeRequest(
  model: string,
  request: TextRequest,
): Anthropic.MessageCreateParamsNonStreaming {
  const facts = modelFacts(model);
  const isClaude = model.startsWith("claude-");
  // A model that the table lacks is asked plainly: a newer Claude refuses temperature, other servers take it.
  const takesTemperature = facts ? facts.temperature : !isClaude;
  const temperature = takesTemperature ? request.temperature : undefined;
  return {
    model,
    max_tokens: claudeMaxTokens(model, request),
    system: wellFormed(request.system),
    messages: messages(request),
    ...(facts ? quiet[facts.quiet] : {}),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

/** Output tokens of the reply at most, and of the thoughts of a model that cannot be kept from thinking. */
export function claudeMaxTokens(model: string, { maxTokens }: TextRequest): number {
  const facts = modelFacts(model);
  const thinks = facts ? facts.quiet === "low-effort" : model.startsWith("claude-");
  return maxTokens + (thinks ? roomToThink : 0);
}

const roomToThink = 2048;

const quiet: Record<string, Pick<Anthropic.MessageCreateParamsNonStreaming, "thinking" | "output_config">> = {
  default: {},
  disabled: { thinking: { type: "disabled" } },
  "between-tools": { thinking: { type: "between_tools" } },
  "low-effort": { output_config: { effort: "low" } },
};

function messages(request: TextRequest): Anthropic.MessageParam[] {
  const endOfFewShots = request.messages.length - 2;
  return request.messages.map(({ role, content }, i) => {
    const text = wellFormed(content);
    if (i !== endOfFewShots) return { role, content: text };
    return { role, content: [{ type: "text", text, cache_control: { type: "ephemeral" } }] };
  });
}
