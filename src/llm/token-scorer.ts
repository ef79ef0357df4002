import type { Settings } from "../settings.js";
import type { Tensor } from "../tensor.js";
import type { Prices } from "./model-facts.js";
import type { Usage } from "./text-model.js";

/**
 * A language model that says how likely given text is. Services that only answer with text (Claude) cannot be one.
 *
 * Prefix and continuations are cut into tokens separately, as the reference implementations do: end the prefix where a
 * token ends (after a newline or tab, before a space).
 */
export interface TokenScorer {
  /** Which one, as a report prints it. */
  readonly name: string;
  /** What its answers hang on beside its name and the text, as for `TextModel`. */
  readonly settings?: Settings | undefined;
  /** What its calls cost, as for `TextModel`. */
  readonly prices?: Prices | undefined;
  /**
   * Log-probabilities of the tokens of each text, read on its own after the prefix. What the prefix costs is paid once
   * for all texts, and by most back ends once for all calls with the same beginning.
   *
   * @throws {RangeError} If prefix and text are longer than the model's context, or nothing precedes the first token.
   */
  score(prefix: string, texts: readonly string[], options?: TokenScorerOptions): Promise<TokenScores[]>;
  /**
   * How the model would choose between candidates after each segment of one prompt, which is the prefix followed by
   * all segments. One segment asks for a judgement (candidates `0` and `1`); one per token, ending where a number
   * belongs, simulates activations all at once (candidates `0` to `9`).
   *
   * @throws {RangeError} If the prompt is longer than the model's context, or a candidate is not one token.
   */
  choose(prefix: string, segments: readonly string[], options: ChooseOptions): Promise<Choices>;
}

export interface TokenScorerOptions {
  /** Stops between two runs of the model. */
  signal?: AbortSignal | undefined;
  /** Told what each call to a service took. */
  onUsage?: ((usage: Usage) => void) | undefined;
}

export interface ChooseOptions extends TokenScorerOptions {
  /** At least two, each one token of the model's. */
  candidates: readonly string[];
}

/** One text as the model read it. */
export interface TokenScores {
  /** Text of each token; joined, they are the text. */
  readonly pieces: readonly string[];
  /** Natural logarithm of the probability of each token after all that precedes it, in nats, ≤ 0. */
  readonly logProbabilities: Float32Array;
}

/** An empty text's, about which nobody need be asked. */
export function emptyScores(): TokenScores {
  return { pieces: [], logProbabilities: new Float32Array(0) };
}

export interface Choices {
  /** `[segment, candidate]`: probabilities among the candidates; every row sums to 1. */
  readonly probabilities: Tensor;
  /** Per segment the share of the model's probability that falls on the candidates, in [0, 1]: near 0 it would rather have said something else. */
  readonly mass: Float32Array;
}
