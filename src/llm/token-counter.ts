/**
 * How many tokens a prompt has, by the best means at hand: the model's own count, a tokenizer, or the length
 * of the text. Prompts of one kind share everything but their last message, so that part is counted once, and
 * of the last messages a few: the rest follow from their lengths.
 */
import type { RehearsedQuestion } from "./rehearsal.js";
import type { TextRequest } from "./text-model.js";

/** Cuts text into tokens as a language model does. */
export interface TextTokenizer {
  encode(text: string): ArrayLike<unknown>;
}

export interface TokenCounter {
  /** Half a sentence: what counted. */
  readonly how: string;
  count(request: TextRequest, options?: { signal?: AbortSignal | undefined }): Promise<number>;
}

/**
 * Characters per token of our prompts, measured with OpenAI's o200k vocabulary (explanation 3.5 to 3.7, detection and
 * fuzzing 3.7), over 1.5: what Claude's tokenizer of today counts more, which is an assumption.
 */
export const charactersPerToken = 3.7 / 1.5;

export function tokenCounter(model: RehearsedQuestion["model"], tokenizer?: TextTokenizer): TokenCounter {
  const { count } = model;
  if (count) {
    return {
      how: `tokens counted by ${model.name} itself`,
      count: (request, options) => count.call(model, request, options),
    };
  }
  if (tokenizer) {
    return {
      how: "tokens counted by the given tokenizer",
      count: async (request) =>
        textsOf(request).reduce((sum, text) => sum + tokenizer.encode(text).length, 0),
    };
  }
  return {
    how: `tokens estimated at ${charactersPerToken.toFixed(1)} characters each, for want of a tokenizer`,
    count: async (request) => textsOf(request).reduce((sum, text) => sum + estimatedTokens(text), 0),
  };
}

/** A list of numbers has a token per character; prose has fewer. */
function estimatedTokens(text: string): number {
  const isList = /^[\d\s.,[\]]*$/.test(text);
  return Math.ceil(text.length / (isList ? 1 : charactersPerToken));
}

function textsOf({ system, messages }: TextRequest): string[] {
  return [system, ...messages.map(({ content }) => content)];
}

/** Tokens of a reply: what the question grows by when the reply is put into it. */
export async function replyTokens(counter: TokenCounter, text: string): Promise<number> {
  const ask = (content: string): TextRequest => ({
    system: "",
    messages: [{ role: "user", content }],
    maxTokens: 1,
  });
  const [once, twice] = await Promise.all([counter.count(ask(text)), counter.count(ask(`${text}\n${text}`))]);
  return Math.max(1, twice - once);
}
