import type { LatentExamples } from "../examples/example.js";
import type { NegativeKind } from "../examples/negative-ladder.js";
import type { Explanation } from "../explain/explainer.js";
import type { Outcome } from "../llm/outcome.js";
import type { Usage } from "../llm/text-model.js";
import type { Settings } from "../settings.js";

/**
 * What kind of example was judged. Negatives of `negativeLadder` keep the kind that they have there (for fuzzing: with marks
 * where they are hard).
 */
export type JudgedKind =
  /** A window where the latent fires (for fuzzing: with the right tokens marked). */
  | "activating"
  /** A window where it never fires (for fuzzing: with tokens marked that are drawn anew in each). */
  | "non-activating"
  /** Fuzzing: a window where it fires, with tokens marked on which it does not. */
  | "wrong-tokens"
  /** Fuzzing: a window where it never fires, with marks at the same positions in each, as the paper ran it. */
  | "repeated-marks"
  /** Several windows where it fires and one where it does not, which is to be found. */
  | "intruder"
  /** A text written to hold what the explanation says, or to be like the texts where the latent fires. */
  | "written"
  /** A window where it fires, with one token changed so that it does not: of `minimalEdits`. */
  | "minimal-edit"
  | NegativeKind;

/** What a judge said of one text: what it was asked for, and nothing else. */
export interface Answer {
  /** Whether the text holds what the explanation says. */
  readonly yes?: boolean;
  /** The higher, the more the text is held to be one where the latent fires; the score says in what unit. */
  readonly grade?: number;
  /** Simulated activations, one per token. */
  readonly activations?: readonly number[];
}

/** What was said of one text, and what is true. */
export interface Judgement {
  readonly kind: JudgedKind;
  /** Where the example is: its context and first position in the cache; `undefined` for a written text. */
  readonly context: number | undefined;
  readonly start: number | undefined;
  /** The text as the judge saw it. */
  readonly text: string;
  /** Slice by peak activation, 0 strongest; `undefined` where the latent does not fire. */
  readonly quantile: number | undefined;
  /** The right answer. */
  readonly truth: boolean;
  /** The latent's true activations, one per token: where they are simulated from 0 to 9, of written texts in the coder's units. */
  readonly activations?: readonly number[];
  /** The judge's answer, or why there is none. */
  readonly answer: Outcome<Answer>;
}

/** What the value of a score is. */
export type Measure =
  /** (TPR + TNR) / 2 over yes and no, in [0, 1]. */
  | "balanced accuracy"
  /** Share of right answers, in [0, 1]. */
  | "accuracy"
  /** Chance that a positive is graded above a negative, ties for half, in [0, 1]. */
  | "AUROC"
  /** Pearson's, in [-1, 1]. */
  | "correlation"
  /** Share of written texts on which the latent fires, in [0, 1]. */
  | "share firing";

/** What `Answer.grade` is. */
export type GradeUnit =
  /** That the latent fires, in [0, 1]: there is a Brier score. */
  | "probability"
  /** log p(text | explanation) − log p(text | none), in nats. */
  | "log-likelihood gain"
  /** Cosine. */
  | "likeness"
  /** 0 not at all, 1 in part, 2 wholly. */
  | "rating";

/** A number and the judgements behind it. */
export interface Score {
  /** `detection`, `fuzzing` … */
  readonly scorer: string;
  /** Name of the judging model. */
  readonly model: string;
  readonly measure: Measure;
  /** What a judge that knows nothing gets: 0.5 for balanced accuracy and AUROC, 0 for a correlation. */
  readonly chance: number;
  /** Over the answered judgements; `undefined` where it does not exist, as where a class has none. */
  readonly value: number | undefined;
  /** 95 % interval of `value`. */
  readonly interval: readonly [number, number] | undefined;
  /** Further numbers of the same judgements, by name. */
  readonly also?: Readonly<Record<string, number>>;
  /** 95 % intervals of those of `also` that are measured on a sample; absent in results of earlier versions. */
  readonly alsoIntervals?: Readonly<Record<string, readonly [number, number]>>;
  /** What the judge's grades are, where it grades. */
  readonly grade?: GradeUnit;
  /** Of yes and no: share of positives called so, and of others called not so. */
  readonly truePositiveRate: number | undefined;
  readonly trueNegativeRate: number | undefined;
  /** Judgements with an answer, and without. */
  readonly answered: number;
  readonly unanswered: number;
  readonly judgements: readonly Judgement[];
  readonly usage: Usage;
}

/**
 * Judges an explanation on test examples. A maker closes over whatever else is needed: a judge, the subject (`generation`), a
 * cache (`execution`). What an intervention on the latent does to the model's output will be judged by one more of these.
 */
export interface Scorer {
  readonly name: string;
  readonly model: string;
  /** `false` where the score is the latent's own, whatever is said of it: no other explanation need be judged. */
  readonly readsExplanation?: false;
  /** The options that it was made with. Runs with other settings keep their results apart. */
  readonly settings?: Settings;
  /** The only hookpoint whose latents it can score, where it is bound to one. */
  readonly hookpoint?: string | undefined;
  score(
    explanation: Explanation,
    examples: LatentExamples,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Score>;
}
