/**
 * A server on the loopback that speaks OpenAI's dialect, for tests that drive the real SDK: chat completions, streamed
 * or not, completions with log-probabilities, embeddings, models, rate limits, and every fault of `faults.ts`.
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
import { ruleLogProbabilities, ruleTokens } from "./rule-tokens.js";

/** The parts of a request's body that this server and the tests look at. */
export interface OpenAIBody {
  readonly model: string;
  readonly messages?: readonly { role: string; content: string }[];
  readonly prompt?: string;
  readonly input?: readonly string[];
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly temperature?: number;
  readonly echo?: boolean;
  readonly logprobs?: number;
  readonly encoding_format?: string;
  readonly stream?: boolean;
}

export type OpenAIServer = LoopbackServer<OpenAIBody>;

export interface OpenAIServerOptions extends LoopbackOptions {
  /** Answers the last message. Default: the rule-based model. */
  answer?: ((question: string) => string) | undefined;
  /** Tokens that the model spends on thoughts before each answer, which come beside it, as vLLM sends them. Default: 0. */
  thinks?: number | undefined;
  /**
   * Whose log-probabilities completions give: of the prompt's tokens too (as vLLM), of generated tokens only whatever is
   * asked for (as llama.cpp), or none. Default: `prompt`.
   */
  logProbabilities?: "prompt" | "generated" | "none" | undefined;
  /** Whether prompts begin with a BOS token. Default: true. */
  bos?: boolean | undefined;
  /** Whether answers say how many tokens they took. Default: true. */
  usage?: boolean | undefined;
  /** What the server lacks. */
  lacks?: readonly ("chat" | "completions" | "embeddings")[] | undefined;
}

export const embeddingLength = 8;

export async function openAIServer(options: OpenAIServerOptions = {}): Promise<OpenAIServer> {
  const dialect: Dialect<OpenAIBody> = {
    prepare({ request, url, body }) {
      const what = /^\/v1\/(chat\/completions|completions|embeddings)$/.exec(url.pathname)?.[1];
      const kind = what === "chat/completions" ? "chat" : (what as "completions" | "embeddings" | undefined);
      if (request.method !== "POST" || !kind || options.lacks?.includes(kind)) return undefined;
      const asked = { chat: chat, completions: completion, embeddings: embedding }[kind](body, options);
      return {
        question: asked.question,
        refused: refusalOf(body),
        taken: { requests: 1, inputTokens: asked.inputTokens, outputTokens: body.max_tokens ?? 0 },
        answer: asked.answer,
      };
    },
    other: models,
    errorBody: ({ type, message, code }) => ({ error: { message, type, param: null, code: code ?? null } }),
    limitHeaders: ({ requestsPerMinute }) => ({
      "x-ratelimit-limit-requests": String(requestsPerMinute ?? 0),
    }),
  };
  return await loopback(dialect, options);
}

interface Asked {
  readonly question: string;
  readonly inputTokens: number;
  answer(fault: Fault | undefined): { body: object; events: readonly string[] | undefined };
}

function chat(body: OpenAIBody, options: OpenAIServerOptions): Asked {
  const question = body.messages?.at(-1)?.content ?? "";
  const inputTokens = ruleTokens((body.messages ?? []).map(({ content }) => content).join("\n")).length;
  return {
    question,
    inputTokens,
    answer(fault) {
      const { thinks = 0 } = options;
      const isCut = thinks > 0 && thinks >= (body.max_tokens ?? Number.POSITIVE_INFINITY);
      const text = isCut ? "" : (answerText(fault) ?? (options.answer ?? ruleAnswer)(question));
      const finish = isCut ? "length" : finishOf(fault);
      const thoughts = isCut ? (body.max_tokens as number) : thinks;
      const usage = usageOf(inputTokens, thoughts + ruleTokens(text).length, options);
      const head = { id: "chatcmpl-1", created: 0, model: body.model };
      const reasoning = thinks > 0 ? { reasoning_content: "Perhaps [1, 1, 1, 1, 1]?" } : {};
      const message = { role: "assistant", content: isCut ? null : text, refusal: null, ...reasoning };
      const choice = { index: 0, message, finish_reason: finish, logprobs: null };
      return {
        body: { ...head, object: "chat.completion", choices: [choice], ...usage },
        events: body.stream ? chunksOf(head, text, finish ?? "stop") : undefined,
      };
    },
  };
}

function finishOf(fault: Fault | undefined): string | null {
  if (fault?.kind === "finish") return fault.reason;
  return { "max-tokens": "length", refusal: "content_filter" }[fault?.kind as string] ?? "stop";
}

function answerText(fault: Fault | undefined): string | undefined {
  return { "max-tokens": "[1, 0", garbage: "Sure! I think the answer is maybe.", refusal: "" }[
    fault?.kind as string
  ];
}

function chunksOf(head: object, text: string, finish: string): string[] {
  const chunk = (delta: object, finish_reason: string | null) => {
    const choices = [{ index: 0, delta, finish_reason }];
    return `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices })}\n\n`;
  };
  const pieces = text.match(/.{1,8}/gsu) ?? [];
  return [
    chunk({ role: "assistant", content: "" }, null),
    ...pieces.map((content) => chunk({ content }, null)),
    chunk({}, finish),
    "data: [DONE]\n\n",
  ];
}

function completion(body: OpenAIBody, options: OpenAIServerOptions): Asked {
  const prompt = body.prompt ?? "";
  const tokens = [...(options.bos === false ? [] : [{ text: "<s>", spelled: "" }]), ...ruleTokens(prompt)];
  return {
    question: prompt,
    inputTokens: tokens.length,
    answer() {
      const mode = options.logProbabilities ?? "prompt";
      const wanted = mode !== "none" && body.logprobs !== undefined;
      const all = ruleLogProbabilities(tokens, body.logprobs ?? 0);
      const logprobs = wanted ? logprobsOf(body.echo && mode === "prompt" ? all : all.slice(-1)) : null;
      const choice = { index: 0, text: `${body.echo ? prompt : ""} and`, finish_reason: "length", logprobs };
      const head = { id: "cmpl-1", object: "text_completion", created: 0, model: body.model };
      return {
        body: { ...head, choices: [choice], ...usageOf(tokens.length, 1, options) },
        events: undefined,
      };
    },
  };
}

function logprobsOf(tokens: ReturnType<typeof ruleLogProbabilities>) {
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logProbability }) => logProbability),
    top_logprobs: tokens.map(({ likeliest }) => likeliest),
    text_offset: tokens.map(() => 0),
  };
}

function embedding(body: OpenAIBody): Asked {
  const input = body.input ?? [];
  const inputTokens = input.reduce((sum, text) => sum + ruleTokens(text).length, 0);
  const data = input.map((text, index) => ({ object: "embedding", index, embedding: letterCounts(text) }));
  // Servers need not keep the order.
  const answer = {
    object: "list",
    model: body.model,
    data: data.reverse(),
    usage: { prompt_tokens: inputTokens },
  };
  return { question: input.join("\n"), inputTokens, answer: () => ({ body: answer, events: undefined }) };
}

/** How often letters stand in a text, by their code modulo 8. */
export function letterCounts(text: string): number[] {
  const counts = new Array<number>(embeddingLength).fill(0);
  for (const letter of text) counts[(letter.codePointAt(0) as number) % embeddingLength]++;
  return counts;
}

function usageOf(inputTokens: number, completion_tokens: number, { usage }: OpenAIServerOptions) {
  const total_tokens = inputTokens + completion_tokens;
  return usage === false ? {} : { usage: { prompt_tokens: inputTokens, completion_tokens, total_tokens } };
}

function refusalOf(body: OpenAIBody): string | undefined {
  if (body.encoding_format === "base64") return "encoding_format: not supported";
  if (body.prompt === "") return "prompt: must not be empty";
  return undefined;
}

function models({ request, response, url }: Exchange<OpenAIBody>): boolean {
  if (request.method !== "GET" || url.pathname !== "/v1/models") return false;
  sendJson(response, 200, {
    object: "list",
    data: [{ id: "rules", object: "model", created: 0, owned_by: "test" }],
  });
  return true;
}
