import { noUsage, type TextModel, type TextReply, type TextRequest } from "../../src/llm/text-model.js";

/** A model that gives these replies in turn, the last one for ever, and keeps what it was asked. */
export function replying(...replies: Partial<TextReply>[]): TextModel & { readonly asked: TextRequest[] } {
  const asked: TextRequest[] = [];
  return {
    name: "m",
    asked,
    async complete(request) {
      const reply = replies[Math.min(asked.length, replies.length - 1)];
      asked.push(request);
      return { text: "", stop: "end", usage: noUsage, model: "m", ...reply };
    },
  };
}
