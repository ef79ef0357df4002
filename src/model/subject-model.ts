import type { Tensor, TensorData } from "../tensor.js";
import type { GraphBuilder } from "./onnx/graph-builder.js";
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

/** Something that is computed from a hookpoint's values in the same run of the model. */
export interface GraphTail {
  /** Of several, the values stand one after the other at each position. */
  readonly hookpoints: readonly string[];
  /**
   * Adds its nodes.
   *
   * @param x The values, float32 `[position, width]`; positions of all contexts are counted through.
   * @returns The outputs by name.
   */
  append(builder: GraphBuilder, x: string): Readonly<Record<string, string>>;
}

/** A model up to its hookpoints with tails behind them. */
export interface ExtendedModel {
  /** Tokens that a run should have at most: more gain nothing, and a run cannot be stopped. */
  readonly tokensPerRun: number;
  /**
   * One run.
   *
   * @param tokens `[context, position]`, all contexts of equal length.
   * @returns The outputs of each tail.
   */
  run(tokens: Tensor<Int32Array>): Promise<ReadonlyMap<string, Tensor<TensorData>>[]>;
  /** Says that it is not needed any more. The model keeps the last one for a while, for who asks for the same tails. */
  close(): Promise<void>;
}

/** The language model whose latents are studied. Made by `loadModel`. */
export interface SubjectModel {
  /** As it was asked for: `demo`, a folder's name, `hf:org/name`. */
  readonly name: string;
  /** SHA-256 (hex) over the graph and its weights: part of every cache's name. */
  readonly hash: string;
  /** The folder that it was loaded from: what `loadModel` and `writeRandomModel` take. Absent where it is not from files. */
  readonly folder?: string | undefined;
  readonly tokenizer: Tokenizer;
  /** What can be tapped, in the order of computation. */
  readonly hookpoints: readonly Hookpoint[];
  readonly dModel: number;
  /** The longest context that the model takes. */
  readonly contextLength: number;
  /** What computes it: `cpu`, `cuda` … */
  readonly provider?: string;
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
  /**
   * Prepares the model with graphs behind its hookpoints. Absent where the model is no graph itself.
   *
   * @throws {HookpointError} If the model lacks a hookpoint.
   */
  extend?(tails: readonly GraphTail[]): Promise<ExtendedModel>;
  /** Scores before softmax, `[context, position, vocab]`. @throws As `activations`. */
  logits(tokens: Tensor<Int32Array>, options?: RunOptions): Promise<Tensor>;
  /** Frees the sessions. */
  close(): Promise<void>;
}
