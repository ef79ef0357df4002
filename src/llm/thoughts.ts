/**
 * Thoughts of a model in the text of its reply: `<think>…</think>` before the answer, without the opening tag where the
 * prompt's template holds it (Qwen3, DeepSeek R1). A server that knows the model sends them beside the answer.
 */
import type { TextReply } from "./text-model.js";

/** Up to the last closing tag that is not quoted, as one is where an explanation speaks of that token. */
const thoughts = /^.*(?:(?<!["'`“<])<\/think>|<\/think>(?!["'`”>]))\s*/s;

/** What a reply says after its thoughts. */
export function withoutThoughts(text: string): string {
  return text.replace(thoughts, "");
}

/** Whether what is left is the beginning of thoughts that do not end. */
export function isThought(text: string): boolean {
  return text.trimStart().startsWith("<think>");
}

/** Whether a reply was cut before its answer began: all that the model wrote was thought. */
export function isCutInThought({ stop, text }: TextReply): boolean {
  return stop === "truncated" && (text.trim() === "" || isThought(text));
}

/** What became of such a reply, and what to do. */
export const cutInThought =
  "was cut while it was thinking; raise roomToThink of openAICompatible(), --room-to-think on the command line";
