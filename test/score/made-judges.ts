/** Judges whose every answer can be worked out by hand. */
import type { Embedder } from "../../src/llm/embedder.js";
import { noUsage, type TextModel, type TextRequest } from "../../src/llm/text-model.js";
import type { TokenScorer } from "../../src/llm/token-scorer.js";
import { tensor } from "../../src/tensor.js";

/** Answers by a function of the request; records what it was asked. */
export function answering(answer: (request: TextRequest) => string): TextModel & { requests: TextRequest[] } {
  const requests: TextRequest[] = [];
  return {
    name: "by rule",
    requests,
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      requests.push(request);
      const usage = { inputTokens: 10, outputTokens: 1, cachedInputTokens: 0 };
      return { text: answer(request), stop: "end", usage: { ...noUsage, ...usage }, model: "by rule" };
    },
  };
}

/** The line of a prompt that begins so, without its beginning. */
export function lineAfter(beginning: string, request: TextRequest): string {
  const lines = request.messages.at(-1)?.content.split("\n") ?? [];
  return lines.find((line) => line.startsWith(beginning))?.slice(beginning.length) ?? "";
}

/**
 * Reads words as tokens: log-probability -1 where the prefix's last description holds the word, else -3. Of candidates it
 * takes the one that `pick` names with probability 0.75, and spreads the rest evenly.
 */
export function wordScorer(
  pick: (prefix: string, soFar: string) => string = () => "0",
): TokenScorer & { calls: { prefix: string; texts: number }[] } {
  const calls: { prefix: string; texts: number }[] = [];
  return {
    name: "words",
    calls,
    async score(prefix, texts, { signal } = {}) {
      signal?.throwIfAborted();
      calls.push({ prefix, texts: texts.length });
      const description = prefix.slice(prefix.lastIndexOf("Description: "));
      return texts.map((text) => {
        const pieces = text.match(/\s*\S+/g) ?? [];
        const known = (piece: string) => description.includes(piece.trim());
        return { pieces, logProbabilities: Float32Array.from(pieces, (piece) => (known(piece) ? -1 : -3)) };
      });
    },
    async choose(prefix, segments, { candidates, signal }) {
      signal?.throwIfAborted();
      calls.push({ prefix, texts: segments.length });
      const rest = 0.25 / (candidates.length - 1);
      const rows = segments.flatMap((_, i) => {
        const picked = pick(prefix, segments.slice(0, i + 1).join(""));
        return candidates.map((candidate) => (candidate === picked ? 0.75 : rest));
      });
      return {
        probabilities: tensor(Float32Array.from(rows), [segments.length, candidates.length]),
        mass: Float32Array.from(segments, () => 0.5),
      };
    },
  };
}

/** One dimension per word of the list: how often the text has it, to length 1. */
export function wordEmbedder(words: readonly string[]): Embedder {
  return {
    name: "word counts",
    async embed(texts) {
      const data = texts.flatMap((text) => {
        const counts = words.map((word) => text.split(/\W+/).filter((other) => other === word).length);
        const length = Math.hypot(...counts);
        return counts.map((count) => (length === 0 ? 0 : count / length));
      });
      return tensor(Float32Array.from(data), [texts.length, words.length]);
    },
  };
}
