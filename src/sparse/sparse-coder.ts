import type { GraphTail } from "../model/subject-model.js";
import type { Tensor } from "../tensor.js";
import type { SparseActivations } from "./sparse-activations.js";
import type { Outputs, SparseBatch } from "./sparse-batch.js";

/** An encoder that the model computes in its own run, so that no activations have to be copied out of it. */
export interface EncoderTail extends GraphTail {
  /** Bytes that it adds to the model's graph. */
  readonly weightBytes: number;
  /** What its outputs say of `rows` positions, the first of which is to be `firstPosition`. */
  read(outputs: Outputs, place: { rows: number; firstPosition: number }): SparseBatch;
}

/** SAE, transcoder or plain neurons: dense activations to sparse latents and back. */
export interface SparseCoder {
  /** As it was asked for: `demo/layers.2`, a folder's name. */
  readonly name: string;
  /** `topk 16`, `jumprelu`, `relu`, `batchtopk`, `neurons 32`: the activation function in words. */
  readonly kind: string;
  /** SHA-256 (hex) over configuration and weights: part of every cache's name. */
  readonly hash: string;
  /** Where it reads. */
  readonly hookpoint: string;
  /** What its decoder predicts: the same place, or another one for a transcoder. */
  readonly hookpointOut: string;
  /** Width of the input. */
  readonly dModel: number;
  /** Number of latents. */
  readonly dSae: number;
  /** Its encoder as a part of the model's graph. Default: it can only `encode`. */
  readonly tail?: EncoderTail;
  /**
   * Activations to sparse latents.
   *
   * @param activations `[…, d_model]`.
   * @throws {RangeError} If the last dimension is not `dModel`.
   */
  encode(activations: Tensor): Promise<SparseActivations>;
  /**
   * Sparse latents to a prediction of `hookpointOut`, `[positions, d_out]`. A transcoder with a
   * skip connection and a coder that normalises its input need the input too.
   */
  decode(latents: SparseActivations, input?: Tensor): Promise<Tensor>;
  /** Row `index` of the decoder: the direction that the latent writes, `[d_out]`. */
  decoderRow(index: number): Float32Array;
  /** Row `index` of the encoder: the direction that the latent reads, `[d_model]`. Absent where there are no weights. */
  encoderRow?(index: number): Float32Array;
  /** Frees sessions. */
  close(): Promise<void>;
}
