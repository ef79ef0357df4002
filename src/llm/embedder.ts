import type { Settings } from "../settings.js";
import type { Tensor } from "../tensor.js";

/** Turns texts into vectors whose dot product says how alike they are. */
export interface Embedder {
  /** Which one, as a report prints it. */
  readonly name: string;
  /** What its vectors hang on beside its name and the text, as for `TextModel`. */
  readonly settings?: Settings | undefined;
  readonly dimensions: number;
  /**
   * @returns `[text, dimensions]`, rows of length 1; a row of zeros where a text holds nothing to go by. Texts longer
   *   than the embedder reads are cut at their end.
   */
  embed(texts: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<Tensor>;
}
