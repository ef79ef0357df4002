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

export interface RunOptions {
  /**
   * Values that take the place of what the model computes at hookpoints, `[context, position, width]`:
   * everything behind is computed from them.
   */
  replace?: ReadonlyMap<string, Tensor> | undefined;
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
   * @throws {RangeError} If replaced values are of another shape.
   */
  activations(
    tokens: Tensor<Int32Array>,
    hookpoints: readonly string[],
    options?: RunOptions,
  ): Promise<Map<string, Tensor>>;
  /** Scores before softmax, `[context, position, vocab]`. @throws As `activations`. */
  logits(tokens: Tensor<Int32Array>, options?: RunOptions): Promise<Tensor>;
  /** Frees the sessions. */
  close(): Promise<void>;
}
