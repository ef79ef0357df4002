import { ModelCallError } from "../errors.js";
import { callSignal } from "../progress.js";
import { choicesOf } from "./local/choices.js";
import { type OpenAIServiceOptions, openAIService, serverSettings } from "./openai-service.js";
import { patternTokenScorer } from "./pattern/pattern-token-scorer.js";
import { currentStandIn, rehearseNumbers } from "./rehearsal.js";
import { NotAnAnswerError } from "./service-failure.js";
import { emptyScores, type TokenScorer, type TokenScorerOptions, type TokenScores } from "./token-scorer.js";
import { tokenStarts } from "./token-starts.js";

/** How many of the likeliest tokens servers list at most unless they are told otherwise (vLLM: `--max-logprobs`). */
const likeliest = 20;
/** What is not among them is as good as impossible. */
const impossible = -100;

/**
 * A language model on a server as a token scorer. The server must give log-probabilities of the prompt's own tokens: vLLM
 * does; llama.cpp and Ollama give those of generated tokens only, which is found out at the first call and said.
 *
 * Each text is one call, read together with the prefix. A candidate that is not among the 20 likeliest tokens counts as
 * impossible.
 *
 * @throws {ModelCallError} From its methods, with scope `stop` if the server cannot do it.
 */
export function openAITokenScorer(options: OpenAIServiceOptions): TokenScorer {
  const { model: name, prices } = options;
  const read = promptReader(options);
  return {
    ...{ name, prices, settings: serverSettings(options) },
    async score(prefix, texts, { signal, onUsage } = {}) {
      const standIn = currentStandIn();
      if (standIn) {
        const prompts = texts.filter((text) => text !== "").map((text) => prefix + text);
        await rehearseNumbers(standIn, { name, prices }, prompts);
        return patternTokenScorer().score(prefix, texts, { signal });
      }
      const one = async (text: string): Promise<TokenScores> =>
        text === ""
          ? emptyScores()
          : scoresOf(await read(prefix + text, { listed: 1, signal, onUsage }), { name, prefix, text });
      return await Promise.all(texts.map(one));
    },
    async choose(prefix, segments, { candidates, signal, onUsage }) {
      if (candidates.length < 2) {
        throw new RangeError("Cannot choose between fewer than two candidates; give more");
      }
      const text = prefix + segments.join("");
      const standIn = currentStandIn();
      if (standIn) {
        await rehearseNumbers(standIn, { name, prices }, [text]);
        return patternTokenScorer().choose(prefix, segments, { candidates, signal });
      }
      const prompt = await read(text, { listed: likeliest, signal, onUsage });
      let end = prefix.length;
      const rows = segments.map((segment) => {
        end += segment.length;
        const list = prompt.likeliest[placeOf(end, prompt, name)] ?? {};
        return Float32Array.from(candidates, (token) => list[token] ?? impossible);
      });
      return choicesOf(rows, candidates.length);
    },
  };
}

/** A prompt as the server read it, and the one token that it generated, which is last. */
interface ReadPrompt {
  readonly text: string;
  /** Where each token of the prompt begins. */
  readonly starts: readonly number[];
  /** Natural logarithm; `null` for a token that nothing precedes. */
  readonly logProbabilities: readonly (number | null)[];
  /** In each token's place, the likeliest tokens with their log-probabilities. */
  readonly likeliest: readonly (Readonly<Record<string, number>> | null)[];
}

interface ReadOptions extends TokenScorerOptions {
  /** How many of the likeliest tokens are listed in each place. */
  listed: number;
}

function promptReader(options: OpenAIServiceOptions) {
  const { model } = options;
  const { client, call } = openAIService(options);
  return async (text: string, { listed, signal, onUsage }: ReadOptions): Promise<ReadPrompt> => {
    const { value, usage } = await call({
      needs: { inputTokens: Math.ceil(text.length / 3), outputTokens: 1 },
      mostInputTokens: Buffer.byteLength(text) + 1,
      signal: callSignal({ signal }),
      async send(limit) {
        const body = { model, prompt: text, echo: true, logprobs: listed, max_tokens: 1, temperature: 0 };
        const sent = await client.completions.create(body, { signal: limit });
        const found = typeof sent === "object" ? sent?.choices?.[0] : undefined;
        if (!found) throw new NotAnAnswerError("the answer was not a completion, but perhaps a proxy's page");
        const inputTokens = sent.usage?.prompt_tokens ?? 0;
        const usage = { inputTokens, outputTokens: sent.usage?.completion_tokens ?? 1, cachedInputTokens: 0 };
        return { value: { value: readPrompt(found.logprobs, { model, text, inputTokens }), usage }, usage };
      },
    });
    onUsage?.(usage);
    return value;
  };
}

interface Logprobs {
  tokens?: readonly string[];
  token_logprobs?: readonly (number | null)[];
  top_logprobs?: readonly (Record<string, number> | null)[];
}

function readPrompt(
  logprobs: Logprobs | null | undefined,
  { model, text, inputTokens }: { model: string; text: string; inputTokens: number },
): ReadPrompt {
  const { tokens = [], token_logprobs = [], top_logprobs = [] } = logprobs ?? {};
  // The last one is the token that was generated: a prompt of one character has a token of its own beside it.
  const ofPrompt = tokens.slice(0, -1);
  if (ofPrompt.length === 0 || ofPrompt.length < inputTokens) {
    const found = tokens.length === 0 ? "no log-probabilities" : "log-probabilities of generated tokens only";
    throw new ModelCallError(
      `Cannot score text with "${model}": its server gives ${found} (${tokens.length} for ${inputTokens} tokens of the prompt); take vLLM, or localTokenScorer()`,
      "stop",
    );
  }
  const starts = tokenStarts(ofPrompt, text);
  if (starts) return { text, starts, logProbabilities: token_logprobs, likeliest: top_logprobs };
  throw new ModelCallError(
    `Cannot score text with "${model}": the tokens that its server lists do not spell the prompt`,
    "call",
  );
}

function scoresOf(prompt: ReadPrompt, asked: { name: string; prefix: string; text: string }): TokenScores {
  const { name, prefix, text } = asked;
  const bos = prompt.starts[0] === 0 && prompt.starts[1] === 0 ? 1 : 0;
  const first = prefix === "" ? bos : placeOf(prefix.length, prompt, name);
  const values = prompt.logProbabilities.slice(first, prompt.starts.length);
  if (values.some((value) => value === null)) {
    throw new RangeError(
      `Cannot score text with "${name}" after nothing: it has no BOS token; give a prefix`,
    );
  }
  const starts = prompt.starts.slice(first).map((start) => start - prefix.length);
  const pieces = starts.map((start, i) => text.slice(start, starts[i + 1] ?? text.length));
  return { pieces, logProbabilities: Float32Array.from(values as number[]) };
}

/** The token that begins at a position; the generated one at the prompt's end. */
function placeOf(position: number, { starts, text }: ReadPrompt, name: string): number {
  if (position === text.length) return starts.length;
  const place = starts.lastIndexOf(position);
  if (place >= 0) return place;
  throw new RangeError(
    `Cannot score text with "${name}" after ${JSON.stringify(text.slice(Math.max(0, position - 20), position))}: it ends in the middle of a token; end it after a line feed or tab, or before a space`,
  );
}
