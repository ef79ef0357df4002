/** Where one latent fires. Entry `i`: at `positions[i]` with `activations[i]` > 0; positions ascend. */
export interface LatentActivations {
  /** Counted through all contexts: context × contextLength + position. */
  readonly positions: Uint32Array;
  readonly activations: Float32Array;
}

/** What is known of one latent's rows without reading them. */
export interface RowStatistics {
  /** Largest activation; 0 where it never fires. */
  readonly max: number;
  /** Sum of the activations. */
  readonly sum: number;
  /** Number of tiles of 32 positions in which it fires. */
  readonly windows: number;
}

/** The activations of a cache by latent, however they lie on the disk. Latents are not checked. */
export interface LatentRows {
  /** All of them. */
  readonly rows: number;
  /** Number of positions where a latent fires. */
  count(latent: number): number;
  statistics(latent: number): RowStatistics;
  /** @throws {FileError} If the rows are damaged. */
  read(latent: number): LatentActivations;
  close(): void;
}
