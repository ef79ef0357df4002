import type { LatentExamples } from "../examples/example.js";
import type { Latent } from "../latent.js";
import type { Outcome } from "../llm/outcome.js";
import type { Pattern } from "../llm/pattern/pattern.js";
import type { Usage } from "../llm/text-model.js";
import type { Settings } from "../settings.js";

/** What a latent is claimed to stand for, and who claims it. */
export interface Explanation {
  readonly latent: Latent;
  readonly text: string;
  /** Name of the explainer, e.g. `top-activations`. */
  readonly explainer: string;
  /** Name of the language model that wrote it. */
  readonly model: string;
  /** Of all calls that led to it, those of attempts that were dropped and of scorers that chose included. */
  readonly usage: Usage;
  /** What the model wrote before the explanation, where it was asked to think aloud. */
  readonly reasoning?: string;
  /** Its parts, where the latent has several; `text` joins them. */
  readonly senses?: readonly Sense[];
  /** The same as a rule that runs: for `runPattern` and `measurePattern`. */
  readonly pattern?: Pattern;
  /** What was tried on the way, in order. */
  readonly trace?: readonly Trial[];
  /** Calls failed on the way, and it is the best of what was left: a run that is taken up again asks for it again. */
  readonly incomplete?: true;
}

/** One of several things that a latent stands for. */
export interface Sense {
  readonly text: string;
  /** Share of the latent's training windows that it is about, in [0, 1]. */
  readonly share: number;
}

/** An explanation that was tried on the selection examples. */
export interface Trial {
  readonly text: string;
  /** Its score on the selection examples; `undefined` where there is none. */
  readonly value: number | undefined;
  /** Whether it was the best up to then. */
  readonly kept: boolean;
}

/** Writes an explanation from training examples. A maker closes over options; there is no base class. */
export interface Explainer {
  readonly name: string;
  readonly model: string;
  /** The options that it was made with. Runs with other settings keep their results apart. */
  readonly settings?: Settings;
  /** The only hookpoint whose latents it can explain, where it is bound to one. */
  readonly hookpoint?: string | undefined;
  explain(
    examples: LatentExamples,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Outcome<Explanation>>;
}
