import type { LatentExamples } from "../examples/example.js";
import type { Latent } from "../latent.js";
import type { Outcome } from "../llm/outcome.js";
import type { Usage } from "../llm/text-model.js";

/** What a latent is claimed to stand for, and who claims it. */
export interface Explanation {
  readonly latent: Latent;
  readonly text: string;
  /** Name of the explainer, e.g. `top-activations`. */
  readonly explainer: string;
  /** Name of the language model that wrote it. */
  readonly model: string;
  readonly usage: Usage;
}

/** Writes an explanation from training examples. A maker closes over options; there is no base class. */
export interface Explainer {
  readonly name: string;
  readonly model: string;
  explain(
    examples: LatentExamples,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Outcome<Explanation>>;
}
