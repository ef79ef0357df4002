import { callSignal } from "../progress.js";
import { chunks } from "./chunks.js";
import { type Embedder, type EmbedOptions, textsPerCall } from "./embedder.js";
import { builtInEmbedder } from "./local/built-in-embedder.js";
import { normalise } from "./local/normalise.js";
import { type OpenAIServiceOptions, openAIService, serverSettings } from "./openai-service.js";
import { currentStandIn, rehearseNumbers } from "./rehearsal.js";
import { NotAnAnswerError } from "./service-failure.js";
import { textRows } from "./text-rows.js";

/**
 * An embedding model on a server that speaks OpenAI's dialect. Makes no call by itself.
 *
 * @throws {ModelCallError} If OpenAI's own service is to be asked without a key (`scope` is `stop`).
 */
export function openAIEmbedder(options: OpenAIServiceOptions): Embedder {
  const { model: name, prices } = options;
  const embedSome = caller(options);
  return {
    ...{ name, prices, settings: serverSettings(options) },
    async embed(texts, { signal, onUsage } = {}) {
      const given = { signal: callSignal({ signal }), onUsage };
      const full = texts.filter((text) => text !== "");
      const parts = chunks(full, textsPerCall);
      const standIn = currentStandIn();
      if (standIn) {
        await rehearseNumbers(
          standIn,
          { name, prices },
          parts.map((part) => part.join("\n")),
        );
        return builtInEmbedder().embed(texts, given);
      }
      const found = (await Promise.all(parts.map((part) => embedSome(part, given)))).flat();
      return textRows(texts, found.map(normalise));
    },
  };
}

/** Vectors of a few texts, none of them empty. */
function caller(options: OpenAIServiceOptions) {
  const { model } = options;
  const { client, call } = openAIService(options);
  return async (texts: readonly string[], { signal, onUsage }: EmbedOptions): Promise<Float32Array[]> => {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const needs = { inputTokens: Math.ceil(bytes / 3), outputTokens: 0 };
    const send = async (limit: AbortSignal) => {
      // Plain numbers: not every server knows the base64 that the SDK would ask for.
      const body = { model, input: [...texts], encoding_format: "float" as const };
      const sent = await client.embeddings.create(body, { signal: limit });
      const usage = { inputTokens: sent?.usage?.prompt_tokens ?? 0, outputTokens: 0, cachedInputTokens: 0 };
      return { value: { vectors: vectorsOf(sent?.data, texts.length), usage }, usage };
    };
    const { vectors, usage } = await call({ needs, mostInputTokens: bytes + texts.length, signal, send });
    onUsage?.(usage);
    return vectors;
  };
}

interface Embedding {
  readonly index: number;
  readonly embedding: readonly number[];
}

/** In the order of the texts, which the server need not keep. */
function vectorsOf(data: readonly Embedding[] | undefined, texts: number): Float32Array[] {
  const vectors: Float32Array[] = [];
  for (const { index, embedding } of Array.isArray(data) ? data : []) {
    vectors[index] = Float32Array.from(embedding);
  }
  const lengths = new Set(Array.from(vectors, (vector) => vector?.length ?? 0));
  if (vectors.length !== texts || lengths.size !== 1 || lengths.has(0)) {
    throw new NotAnAnswerError(`the answer was not one vector for each of ${texts} texts`);
  }
  return vectors;
}
