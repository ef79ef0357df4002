import type { TextRequest } from "./text-model.js";

/** Characters of English per token of today's tokenizers, a little low so that too many are set aside. */
const charactersPerToken = 3;
/** Tokens that mark where a message begins and ends, and who speaks; generous. */
const framing = 16;

/** About how many input tokens a request has, before any service has counted them. */
export function estimateTokens(request: TextRequest): number {
  return sumOver(request, (text) => text.length / charactersPerToken);
}

/** More input tokens than this no request has: a token of a byte-level tokenizer is a byte at least. */
export function mostTokens(request: TextRequest): number {
  return sumOver(request, (text) => Buffer.byteLength(text));
}

function sumOver({ system, messages }: TextRequest, tokens: (text: string) => number): number {
  const texts = [system, ...messages.map(({ content }) => content)];
  return Math.ceil(texts.reduce((sum, text) => sum + tokens(text) + framing, 0));
}
