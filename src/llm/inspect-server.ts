import { isSaelabError } from "../errors.js";
import { openAICompatible } from "./openai-compatible.js";
import { openAIEmbedder } from "./openai-embedder.js";
import { type OpenAIServiceOptions, openAIService } from "./openai-service.js";
import { openAITokenScorer } from "./openai-token-scorer.js";
import { NotAnAnswerError } from "./service-failure.js";
import { noUsage } from "./text-model.js";

/** What a server can do for saelab, found by asking it. */
export interface ServerInspection {
  /** The models that it lists. */
  readonly models: readonly string[];
  /** The one that was asked. */
  readonly model: string;
  readonly abilities: readonly Ability[];
  /** A line for each. */
  toString(): string;
}

export interface Ability {
  /** The back end that needs it. */
  readonly backEnd: "openAICompatible" | "openAITokenScorer" | "openAIEmbedder";
  readonly works: boolean;
  /** What was found, or why it does not work. */
  readonly found: string;
}

/**
 * Asks a server that speaks OpenAI's dialect one small question for each back end. That a server lists
 * log-probabilities says nothing: some list those of generated tokens where those of the prompt were asked for, and
 * scores made from them look like chance.
 *
 * @param options `model`: default is the first that the server lists.
 * @throws {ModelCallError} If the server cannot be reached, or lists no model and none is given.
 */
export async function inspectServer(
  baseURL: string,
  options: Omit<OpenAIServiceOptions, "baseURL" | "model"> & { model?: string | undefined } = {},
): Promise<ServerInspection> {
  const asked = { maxRetries: 1, timeoutMs: 30_000, onWarning: () => {}, ...options, baseURL };
  const models = await listModels({ ...asked, model: options.model ?? baseURL });
  const model = options.model ?? models[0];
  if (model === undefined)
    throw new RangeError(`Cannot look at "${baseURL}": it lists no model; give its name`);
  const service = { ...asked, model };
  const abilities = await Promise.all([
    tried("openAICompatible", () => chats(service)),
    tried("openAITokenScorer", () => scores(service)),
    tried("openAIEmbedder", () => embeds(service)),
  ]);
  const lines = abilities.map(
    ({ backEnd, works, found }) => `${works ? "yes" : "no "}  ${backEnd}: ${found}`,
  );
  return {
    ...{ models, model, abilities },
    toString: () => [`${model} on ${baseURL} (${models.length} listed)`, ...lines].join("\n"),
  };
}

async function listModels(service: OpenAIServiceOptions): Promise<string[]> {
  const { client, call } = openAIService(service);
  return await call({
    needs: { inputTokens: 0, outputTokens: 0 },
    mostInputTokens: 0,
    signal: undefined,
    async send(signal) {
      const { data } = await client.models.list({ signal });
      if (!Array.isArray(data)) throw new NotAnAnswerError("the answer was no list of models");
      return { value: data.map(({ id }) => id), usage: noUsage };
    },
  });
}

async function tried(backEnd: Ability["backEnd"], look: () => Promise<string>): Promise<Ability> {
  try {
    return { backEnd, works: true, found: await look() };
  } catch (error) {
    if (!isSaelabError(error, "ModelCallError")) throw error;
    return { backEnd, works: false, found: error.message };
  }
}

async function chats(service: OpenAIServiceOptions): Promise<string> {
  const question = { role: "user", content: "What is 1 + 1? Answer with the number." } as const;
  const reply = await openAICompatible(service).complete({
    system: "",
    messages: [question],
    maxTokens: 200,
  });
  const { outputTokens } = reply.usage;
  if (reply.stop !== "truncated") return `answers in ${outputTokens} tokens`;
  return `thinks: its answer to a small question was cut after ${outputTokens} tokens; give roomToThink, --room-to-think on the command line`;
}

async function scores(service: OpenAIServiceOptions): Promise<string> {
  const [{ pieces }] = await openAITokenScorer(service).score("The sky is blue.\n", ["Grass is green."]);
  return `gives log-probabilities of the prompt's tokens (${pieces.length} for a sentence)`;
}

async function embeds(service: OpenAIServiceOptions): Promise<string> {
  const { shape } = await openAIEmbedder(service).embed(["a"]);
  return `vectors of ${shape[1]} numbers`;
}
