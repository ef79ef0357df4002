import type { SubjectModel } from "../model/subject-model.js";
import { type Tensor, tensor } from "../tensor.js";
import type { SparseActivations } from "./sparse-activations.js";
import type { SparseCoder } from "./sparse-coder.js";

/** The hookpoints that a coder reads: one, or those of a crosscoder, whose names are joined by `+`. */
export function hookpointsOf({ hookpoint }: Pick<SparseCoder, "hookpoint">): string[] {
  return hookpoint.split("+");
}

/** What a coder reads, `[…, d_model]`: the activations at its hookpoints, one after the other at each position. */
export function coderInput(
  coder: Pick<SparseCoder, "hookpoint">,
  activations: ReadonlyMap<string, Tensor>,
): Tensor {
  const parts = hookpointsOf(coder).map((name) => activations.get(name) as Tensor);
  const [first] = parts as [Tensor];
  if (parts.length === 1) return first;
  const widths = parts.map(({ shape }) => shape.at(-1) as number);
  const width = widths.reduce((a, b) => a + b);
  const rows = first.data.length / (widths[0] as number);
  const data = new Float32Array(rows * width);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (const [i, part] of parts.entries()) {
      const own = widths[i] as number;
      data.set(part.data.subarray(row * own, (row + 1) * own), at);
      at += own;
    }
  }
  return tensor(data, [...first.shape.slice(0, -1), width]);
}

/** The latents of tokens, `[context, position]`; positions of all contexts are counted through. */
export async function encodeTokens(
  { model, coder }: { model: SubjectModel; coder: SparseCoder },
  tokens: Tensor<Int32Array>,
): Promise<SparseActivations> {
  const activations = await model.activations(tokens, hookpointsOf(coder));
  return await coder.encode(coderInput(coder, activations));
}
