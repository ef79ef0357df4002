import { setImmediate } from "node:timers/promises";
import { loadTokenizer } from "../../model/load-tokenizer.js";
import { findModelFolder } from "../../model/model-folder.js";
import type { Tokenizer } from "../../model/tokenizer.js";
import { callSignal, type LongCallOptions } from "../../progress.js";
import { tensor } from "../../tensor.js";
import type {
  Choices,
  ChooseOptions,
  TokenScorer,
  TokenScorerOptions,
  TokenScores,
} from "../token-scorer.js";
import { type CausalSession, openCausalSession, type Past } from "./causal-session.js";
import { candidateRows, choicesOf } from "./choices.js";
import { type Continuation, continuation } from "./continuation.js";
import { PrefixCache } from "./prefix-cache.js";
import { rowBatches } from "./row-batches.js";

export interface LocalTokenScorerOptions extends LongCallOptions {
  /** Threads that the model computes on. Default: all cores. */
  threads?: number | undefined;
  /**
   * What to do with a prompt that is longer than the model's context: refuse it, or leave out as many tokens of the
   * prefix's beginning (behind BOS) as the longest of the call's texts demands, the same for all of them.
   * Default: `refuse`.
   */
  tooLong?: "refuse" | "cut prefix" | undefined;
}

/** A token scorer that computes in this process. */
export interface LocalTokenScorer extends TokenScorer {
  /** The longest prompt with text, in tokens. */
  readonly contextLength: number;
  /** Frees the model. */
  close(): Promise<void>;
}

/**
 * A causal language model in ONNX as a token scorer. Where the graph takes a key-value cache (`past_key_values`, as
 * exports for generation have it), a prefix is read once for all texts, and its beginning once for all prefixes that share
 * it; without one, the prefix is read again for every text. Only the log-probabilities that are asked for leave the graph.
 *
 * @param source `"demo"` (the model that comes with saelab: 128 tokens of context, and it follows no instructions), a
 *   folder with `model.onnx` or `onnx/model.onnx` and `tokenizer.json`, or `"hf:org/name"`.
 * @throws {FileError} If a file is missing, damaged, or not what it should be.
 */
export async function localTokenScorer(
  source: string,
  options: LocalTokenScorerOptions = {},
): Promise<LocalTokenScorer> {
  const { name, folder, graph, contextLength } = await findModelFolder(source, options);
  const tokenizer = await loadTokenizer(folder);
  const session = await openCausalSession(graph, options.threads);
  return new OnnxTokenScorer({
    name,
    tokenizer,
    contextLength,
    session,
    cut: options.tooLong === "cut prefix",
  });
}

interface Parts {
  name: string;
  tokenizer: Tokenizer;
  contextLength: number;
  session: CausalSession;
  cut: boolean;
}

class OnnxTokenScorer implements LocalTokenScorer {
  readonly name: string;
  readonly contextLength: number;
  readonly #parts: Parts;
  readonly #prefixes: PrefixCache;

  constructor(parts: Parts) {
    this.name = parts.name;
    this.contextLength = parts.contextLength;
    this.#parts = parts;
    this.#prefixes = new PrefixCache(parts.session);
  }

  async score(
    prefix: string,
    texts: readonly string[],
    options: TokenScorerOptions = {},
  ): Promise<TokenScores[]> {
    const continuations = texts.map((text) => continuation(this.#parts.tokenizer, text));
    const longest = continuations.reduce((most, { ids }) => Math.max(most, ids.length), 0);
    if (longest === 0)
      return continuations.map(({ pieces }) => ({ pieces, logProbabilities: new Float32Array(0) }));
    const prompt = await this.#read(this.#prompt(prefix, longest), callSignal(options));
    const found = continuations.map(({ ids }) => new Float32Array(ids.length));
    await this.#scoreAll(prompt, { continuations, found, signal: callSignal(options) });
    return continuations.map(({ pieces }, i) => ({ pieces, logProbabilities: found[i] }));
  }

  async choose(prefix: string, segments: readonly string[], options: ChooseOptions): Promise<Choices> {
    const candidates = Int32Array.from(options.candidates, (text) => this.#candidate(text));
    if (candidates.length < 2)
      throw new RangeError("Cannot choose between fewer than two candidates; give more");
    const parts = segments.map((text) => continuation(this.#parts.tokenizer, text).ids);
    const ids = concatenate(parts);
    const signal = callSignal(options);
    const { past, rest } = await this.#read(this.#prompt(prefix, ids.length), signal);
    const run = { ids: concatenate([rest, ids]), past, candidates, signal };
    const rows = await candidateRows(this.#parts.session, run);
    let end = rest.length - 1;
    const last = parts.map((part) => {
      end += part.length;
      return rows[end];
    });
    return choicesOf(last, candidates.length);
  }

  async close(): Promise<void> {
    await this.#parts.session.close();
  }

  /** Ids of the prefix with BOS, cut at its beginning where that is asked for. */
  #prompt(prefix: string, longest: number): Int32Array {
    const { tokenizer, contextLength, name, cut } = this.#parts;
    const bos = tokenizer.bosId === undefined ? [] : [tokenizer.bosId];
    const ids = tokenizer.encode(prefix);
    const room = contextLength - bos.length - longest;
    const least = bos.length > 0 ? 0 : 1;
    if (ids.length < least) {
      throw new RangeError(
        `Cannot score text with "${name}" after nothing: it has no BOS token; give a prefix`,
      );
    }
    if (ids.length > room && (!cut || room < least)) {
      const advice = cut
        ? "give shorter texts"
        : 'shorten it, set tooLong: "cut prefix", or take a model that reads more';
      throw new RangeError(
        `Cannot score text with "${name}": prefix and text have ${bos.length + ids.length + longest} tokens and it reads ${contextLength}; ${advice}`,
      );
    }
    return Int32Array.of(...bos, ...ids.subarray(Math.max(0, ids.length - room)));
  }

  /** All but the last token goes into the cache: the last one's place says the first token of a text. */
  async #read(ids: Int32Array, signal: AbortSignal | undefined): Promise<Prompt> {
    const { session } = this.#parts;
    if (session.bytesPerPosition === 0) return { past: session.nothing, rest: ids };
    const past = await this.#prefixes.past(ids.slice(0, -1), signal);
    return { past, rest: ids.slice(-1) };
  }

  async #scoreAll({ past, rest }: Prompt, { continuations, found, signal }: Work): Promise<void> {
    const { session } = this.#parts;
    const lengths = continuations.map(({ ids }) => ids.length);
    const { bytesPerPosition, rowsPerRun } = session;
    const limits = { repeated: rest.length - 1, past: past.length, bytesPerPosition, rowsPerRun };
    for (const batch of rowBatches(lengths, limits)) {
      signal?.throwIfAborted();
      const width = rest.length - 1 + Math.max(...batch.map((i) => lengths[i]));
      const rows = new Int32Array(batch.length * width);
      const targets = new Int32Array(batch.length * width);
      // Attention looks back only: what stands behind a shorter text changes nothing.
      batch.forEach((i, row) => {
        const { ids } = continuations[i];
        rows.set(rest, row * width);
        rows.set(ids.subarray(0, -1), row * width + rest.length);
        targets.set(ids, row * width + rest.length - 1);
      });
      const shape = [batch.length, width];
      const { data } = await session.ofTargets(tensor(rows, shape), tensor(targets, shape), past);
      batch.forEach((i, row) => {
        const start = row * width + rest.length - 1;
        found[i].set(data.subarray(start, start + lengths[i]));
      });
      await setImmediate();
    }
  }

  #candidate(text: string): number {
    const { ids } = continuation(this.#parts.tokenizer, text);
    if (ids.length === 1) return ids[0];
    throw new RangeError(
      `Cannot choose "${text}": it is ${ids.length} tokens of "${this.name}"; give candidates of one token each`,
    );
  }
}

interface Prompt {
  past: Past;
  /** Tokens behind the past, at least one. */
  rest: Int32Array;
}

interface Work {
  continuations: readonly Continuation[];
  found: readonly Float32Array[];
  signal: AbortSignal | undefined;
}

function concatenate(parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
