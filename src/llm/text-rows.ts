import { type Tensor, tensor } from "../tensor.js";

/**
 * `[text, dimensions]`, of the vectors of those texts that are not empty. An empty one holds nothing, and servers refuse
 * it: nobody is asked, and its row is zeros.
 */
export function textRows(texts: readonly string[], vectors: readonly Float32Array[]): Tensor {
  const dimensions = vectors[0]?.length ?? 0;
  const rows = new Float32Array(texts.length * dimensions);
  let next = 0;
  for (const [i, text] of texts.entries()) {
    if (text !== "") rows.set(vectors[next++] as Float32Array, i * dimensions);
  }
  return tensor(rows, [texts.length, dimensions]);
}
