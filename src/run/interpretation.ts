import type { Explanation } from "../explain/explainer.js";
import type { Latent } from "../latent.js";
import type { FailureStatus } from "../llm/outcome.js";
import type { Score } from "../score/scorer.js";

/** What a run found out about one latent. A failure is a value, not a hole. */
export type Interpretation =
  | {
      readonly status: "scored";
      readonly latent: Latent;
      readonly density: number;
      readonly maxActivation: number;
      readonly explanation: Explanation;
      readonly scores: readonly Score[];
      /** Hash of the examples that were used. */
      readonly examplesHash: string;
    }
  | {
      readonly status: FailureStatus | "skipped";
      readonly latent: Latent;
      /** One sentence that says why. */
      readonly reason: string;
      /** The raw reply of the language model, where there was one. */
      readonly reply?: string;
    };
