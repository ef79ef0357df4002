import type { Settings } from "../settings.js";
import type { Tensor } from "../tensor.js";
import type { Prices } from "./model-facts.js";
import type { Usage } from "./text-model.js";

/** Turns texts into vectors whose dot product says how alike they are. */
export interface Embedder {
  /** Which one, as a report prints it. */
  readonly name: string;
  /** What its vectors hang on beside its name and the text, as for `TextModel`. */
  readonly settings?: Settings | undefined;
  /** What its calls cost, as for `TextModel`. */
  readonly prices?: Prices | undefined;
  /**
   * @returns `[text, dimensions]`, rows of length 1; a row of zeros where a text holds nothing to go by. Texts longer
   *   than the embedder reads are cut at their end.
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Tensor>;
}

export interface EmbedOptions {
  signal?: AbortSignal | undefined;
  /** Told what each call to a service took. */
  onUsage?: ((usage: Usage) => void) | undefined;
}

/** How many texts are sent in one call over a network. */
export const textsPerCall = 64;
