/**
 * The non-zero part of a `[position, d_sae]` array, sorted by position, then latent.
 * Entry `i`: latent `latents[i]` has activation `values[i]` at position `positions[i]`.
 */
export interface SparseActivations {
  /** `[positions, d_sae]`; positions of several contexts are counted through. */
  readonly shape: readonly [number, number];
  readonly positions: Uint32Array;
  readonly latents: Uint32Array;
  /** In units of the coder's input; never 0. */
  readonly values: Float32Array;
}
