import type { Interpretation } from "./interpretation.js";

/**
 * Latents that nobody trained. `random model`: random directions of the same model with its weights drawn anew. `random
 * coder`: random directions of the model itself. `neurons`: the strongest neurons of the same block. At each position as many
 * fire as of the run's coder.
 */
export const nullRunKinds = ["random model", "random coder", "neurons"] as const;
export type NullRunKind = (typeof nullRunKinds)[number];

/** What such latents get from the explainer and the scorers of a run, on the same text. */
export interface NullRun {
  readonly status: "null run";
  readonly kind: NullRunKind;
  /** What the latents are, in a few words. Absent where there are none. */
  readonly madeOf?: string;
  /** Of each latent, as of the latents of the run. */
  readonly results: readonly Interpretation[];
  /** Why there are no results, or fewer than were wanted. */
  readonly reason?: string;
}

/** What `interpret` yields: one result for each latent, then one for each null run. */
export type RunResult = Interpretation | NullRun;
