import { callSignal } from "../progress.js";
import { tensor } from "../tensor.js";
import type { Embedder } from "./embedder.js";
import { normalise } from "./local/normalise.js";
import { type OpenAIServiceOptions, openAIService } from "./openai-service.js";
import { NotAnAnswerError } from "./service-failure.js";

const textsPerCall = 64;

/**
 * An embedding model on a server that speaks OpenAI's dialect. Asks it once for the length of its vectors.
 *
 * @throws {ModelCallError} If the server cannot be reached, or does not embed.
 */
export async function openAIEmbedder(options: OpenAIServiceOptions): Promise<Embedder> {
  const { model: name } = options;
  const embedSome = caller(options);
  const [probe] = await embedSome(["a"], undefined);
  const dimensions = (probe as Float32Array).length;
  return {
    name,
    dimensions,
    async embed(texts, given = {}) {
      const signal = callSignal(given);
      const starts = Array.from(
        { length: Math.ceil(texts.length / textsPerCall) },
        (_, i) => i * textsPerCall,
      );
      const vectors = new Float32Array(texts.length * dimensions);
      await Promise.all(
        starts.map(async (start) => {
          const rows = await embedSome(texts.slice(start, start + textsPerCall), signal);
          rows.forEach((row, i) => {
            vectors.set(normalise(row), (start + i) * dimensions);
          });
        }),
      );
      return tensor(vectors, [texts.length, dimensions]);
    },
  };
}

/** Vectors of a few texts; a text without anything in it, which servers refuse, gets zeros. */
function caller(options: OpenAIServiceOptions) {
  const { model } = options;
  const { client, call } = openAIService(options);
  return async (texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> => {
    const full = texts.filter((text) => text !== "");
    const bytes = full.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const send = async (limit: AbortSignal) => {
      // Plain numbers: not every server knows the base64 that the SDK would ask for.
      const body = { model, input: full, encoding_format: "float" as const };
      const sent = await client.embeddings.create(body, { signal: limit });
      const usage = { inputTokens: sent?.usage?.prompt_tokens ?? 0, outputTokens: 0, cachedInputTokens: 0 };
      return { value: vectorsOf(sent?.data, full.length), usage };
    };
    const needs = { inputTokens: Math.ceil(bytes / 3), outputTokens: 0 };
    const found =
      full.length === 0 ? [] : await call({ needs, mostInputTokens: bytes + full.length, signal, send });
    const length = found[0]?.length ?? 0;
    let next = 0;
    return texts.map((text) => (text === "" ? new Float32Array(length) : (found[next++] as Float32Array)));
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
