import type { LatentExamples } from "../examples/example.js";
import type { Explanation } from "../explain/explainer.js";
import type { Latent } from "../latent.js";
import type { FailureStatus } from "../llm/outcome.js";
import type { Usage } from "../llm/text-model.js";
import type { Score } from "../score/scorer.js";
import type { NullScore } from "./null-scores.js";

/** What a run found out about one latent. A failure is a value, not a hole. */
export type Interpretation =
  | {
      readonly status: "scored";
      readonly latent: Latent;
      readonly density: number;
      readonly maxActivation: number;
      /** Share of the cache's windows, as the examples', in which the latent fires. Absent in results of earlier versions. */
      readonly firingRate?: number;
      /** What makes its scores easy to come by, by `traitLabels`. Absent in results of earlier versions. */
      readonly labels?: readonly string[];
      readonly explanation: Explanation;
      readonly scores: readonly Score[];
      /** Scorers that gave no score of it. Absent where all did. */
      readonly unscored?: readonly Unscored[];
      /** What the scores are held against. Absent where no panel was asked for. */
      readonly nulls?: readonly NullScore[];
      /** Hash of the examples that were used. */
      readonly examplesHash: string;
      /** Of each set of them: `test` and `nonActivating` say what was scored on. Absent in results of earlier versions. */
      readonly setHashes?: LatentExamples["setHashes"];
    }
  | {
      readonly status: FailureStatus | "skipped";
      readonly latent: Latent;
      /** One sentence that says why. */
      readonly reason: string;
      /** The raw reply of the language model, where there was one. */
      readonly reply?: string;
      /** What was paid all the same, where that is known. */
      readonly usage?: Usage;
    };

/** A scorer that could not score a latent. What the others said of it is kept. */
export interface Unscored {
  readonly scorer: string;
  readonly model: string;
  /** One sentence that says why. */
  readonly reason: string;
  /** It would fail again, as nobody could be asked. */
  readonly lasting?: true;
}
