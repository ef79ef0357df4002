import type { Latent } from "../latent.js";
import type { NegativeWindow } from "./negative-ladder.js";
import type { Part } from "./split-documents.js";

/** An excerpt of a context, with the latent's activations on it. */
export interface Window {
  /** Index of the context in the cache. */
  readonly context: number;
  /** Position of the window's first token in its context. */
  readonly start: number;
  readonly tokens: Int32Array;
  /** Text of each token; joined, they are the window's text. */
  readonly pieces: readonly string[];
  /** One number per token, >= 0; all 0 in a non-activating window. */
  readonly activations: Float32Array;
}

/** A window in which the latent fires. */
export interface Example extends Window {
  /** Rank slice by peak activation: 0 is the strongest. */
  readonly quantile: number;
  /** The largest activation in the window, > 0. */
  readonly peak: number;
}

/** By `setHash`; of silent windows that stand beside train and select examples where there are such. */
export type SetHashes = Readonly<Record<Part | "nonActivating", string>> & {
  readonly contrast?: string;
  readonly selectNonActivating?: string;
};

/**
 * What explainers and scorers are given. Train, select, calibrate and test share no document, no near-duplicate of one and
 * no window that nearly equals another. Made by `sampleExamples`.
 */
export interface LatentExamples {
  readonly latent: Latent;
  /** For explainers. */
  readonly train: readonly Example[];
  /**
   * For explainers: windows of train documents in which the latent is silent, hard ones first. Absent unless asked for.
   */
  readonly contrast?: readonly NegativeWindow[];
  /** To choose between explanations on, so that the choice is not scored on what made it. Absent unless asked for. */
  readonly select?: readonly Example[];
  /** As `nonActivating`, of the documents of `select`. */
  readonly selectNonActivating?: readonly Window[];
  /** To set judges and thresholds on. Absent unless asked for. */
  readonly calibrate?: readonly Example[];
  /** For scorers. */
  readonly test: readonly Example[];
  /**
   * For scorers: windows of test documents in which the latent is silent, of contexts in which it never fires; of a latent
   * so dense that these run out, also of others. With `negatives`, hard ones too, which bear their kind. May be fewer than
   * asked for.
   */
  readonly nonActivating: readonly Window[];
  /** Over the whole cache: the largest activation (> 0), the unit of normalised strengths. */
  readonly maxActivation: number;
  /** Share of the cache's positions where the latent fires. */
  readonly density: number;
  /** Number of distinct windows in which the latent fires, before sampling. */
  readonly windowCount: number;
  /**
   * Share of the cache's windows in which the latent fires, equal ones counted each time, as these windows are laid: of the
   * whole tiles; of `centred` ones, which are laid around every tile that fires, of all tiles.
   */
  readonly firingRate: number;
  readonly windowLength: number;
  readonly quantiles: number;
  /** SHA-256 (hex) of what was sampled: two results with equal hashes saw the same examples. */
  readonly hash: string;
  /** The same of each set alone, by `setHash`: who scored on what, whatever else was sampled. */
  readonly setHashes?: SetHashes;
}
