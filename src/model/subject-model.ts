import type { Tensor } from "../tensor.js";
import type { Tokenizer } from "./tokenizer.js";

/** A named place in the model whose values can be read. */
export interface Hookpoint {
  /** `layers.2`, `layers.2.mlp`, `layers.2.mlp.neurons` … */
  readonly name: string;
  /** The same place in TransformerLens' words, e.g. `blocks.2.hook_resid_post`. */
  readonly alias: string | undefined;
  /** Size of the last dimension. */
  readonly width: number;
}

/** The language model whose latents are studied. Made by `loadModel`. */
export interface SubjectModel {
  /** As it was asked for: `demo`, a folder's name, `hf:org/name`. */
  readonly name: string;
  /** SHA-256 (hex) over the graph and its weights: part of every cache's name. */
  readonly hash: string;
  readonly tokenizer: Tokenizer;
  /** What can be tapped, in the order of computation. */
  readonly hookpoints: readonly Hookpoint[];
  readonly dModel: number;
  /** The longest context that the model takes. */
  readonly contextLength: number;
  /**
   * Activations at hookpoints, without computing what lies behind the last of them.
   *
   * @param tokens `[context, position]`, all contexts of equal length.
   * @returns For each hookpoint `[context, position, width]`.
   * @throws {HookpointError} If the model lacks one of them.
   */
  activations(tokens: Tensor<Int32Array>, hookpoints: readonly string[]): Promise<Map<string, Tensor>>;
  /** Scores before softmax, `[context, position, vocab]`. */
  logits(tokens: Tensor<Int32Array>): Promise<Tensor>;
  /** Frees the sessions. */
  close(): Promise<void>;
}
