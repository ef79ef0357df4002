import type { LatentExamples } from "../examples/example.js";
import type { Explanation } from "../explain/explainer.js";
import type { Outcome } from "../llm/outcome.js";
import type { Usage } from "../llm/text-model.js";

/** What kind of example was judged. */
export type JudgedKind =
  /** A window where the latent fires (for fuzzing: with the right tokens marked). */
  | "activating"
  /** A window where it never fires (for fuzzing: with random tokens marked, as the paper ran it). */
  | "non-activating"
  /** Fuzzing: a window where it fires, with tokens marked on which it does not. */
  | "wrong-tokens";

/** One decision of the judge. */
export interface Judgement {
  readonly kind: JudgedKind;
  /** Where the example is: its context and first position in the cache. */
  readonly context: number;
  readonly start: number;
  /** The text as the judge saw it. */
  readonly text: string;
  /** Slice by peak activation, 0 strongest; `undefined` where the latent does not fire. */
  readonly quantile: number | undefined;
  /** The right answer. */
  readonly truth: boolean;
  /** The judge's answer, or why there is none. */
  readonly answer: Outcome<boolean>;
}

/** A number and the judgements behind it. */
export interface Score {
  /** `detection`, `fuzzing` … */
  readonly scorer: string;
  /** Name of the judging model. */
  readonly model: string;
  /** Balanced accuracy in [0, 1] over the answered judgements, (TPR + TNR) / 2; `undefined` where a class has none. */
  readonly value: number | undefined;
  /** 95 % interval of `value`: Wilson for each rate, joined by Newcombe's square-and-add. */
  readonly interval: readonly [number, number] | undefined;
  /** Share of activating examples called so, and of others called not so. */
  readonly truePositiveRate: number | undefined;
  readonly trueNegativeRate: number | undefined;
  /** Judgements with an answer, and without. */
  readonly answered: number;
  readonly unanswered: number;
  readonly judgements: readonly Judgement[];
  readonly usage: Usage;
}

/** Judges an explanation on test examples. */
export interface Scorer {
  readonly name: string;
  readonly model: string;
  score(
    explanation: Explanation,
    examples: LatentExamples,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Score>;
}
