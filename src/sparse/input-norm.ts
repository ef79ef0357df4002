/**
 * What some coders do to each position before they read it, and undo on what they decode:
 * `layerNorm` is `(x − mean) / (deviation + 1e-5)` with the deviation over d − 1 (SAELens, OpenAI);
 * `constantNorm` is `x · √d / ‖x‖` (SAELens' `constant_norm_rescale`).
 */
import type { GraphBuilder } from "../model/onnx/graph-builder.js";
import { row, type Tensor } from "../tensor.js";

export type InputNorm = "layerNorm" | "constantNorm";

const epsilon = 1e-5;
/** Keeps a position of zeros from becoming NaN. */
const smallestLength = 1e-20;

/** Adds the normalisation of `x` `[position, d_model]` to a graph and gives the result's name. */
export function normaliseInGraph(
  builder: GraphBuilder,
  x: string,
  { norm, dModel }: { norm: InputNorm; dModel: number },
): string {
  const constant = (name: string, value: number) => builder.weight(name, Float32Array.of(value), []);
  const node = (op: string, ...inputs: string[]) => builder.node(op, inputs)[0];
  const reduce = (op: string, input: string) => builder.reduce(op, input, { axis: 1, keep: true });
  if (norm === "constantNorm") {
    const length = node("Max", reduce("ReduceL2", x), constant("smallestLength", smallestLength));
    return node("Mul", node("Div", x, length), constant("rootWidth", Math.sqrt(dModel)));
  }
  const centred = node("Sub", x, reduce("ReduceMean", x));
  const sum = reduce("ReduceSumSquare", centred);
  const deviation = node("Sqrt", node("Div", sum, constant("freedom", Math.max(1, dModel - 1))));
  return node("Div", centred, node("Add", deviation, constant("epsilon", epsilon)));
}

/** Undoes it, in place, on what was decoded at the positions of `input`. */
export function denormalise(decoded: Tensor, input: Tensor, norm: InputNorm): void {
  const [positions] = decoded.shape;
  const rows = { data: input.data, shape: [positions, input.data.length / positions] };
  for (let p = 0; p < positions; p++) {
    const { scale, shift } = scaleOf(row(rows, p), norm);
    const out = row(decoded, p);
    for (let i = 0; i < out.length; i++) out[i] = out[i] * scale + shift;
  }
}

function scaleOf(x: Float32Array, norm: InputNorm): { scale: number; shift: number } {
  const squares = (around: number) => x.reduce((sum, value) => sum + (value - around) ** 2, 0);
  if (norm === "constantNorm") return { scale: Math.sqrt(squares(0) / x.length), shift: 0 };
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  // Not deviation + epsilon: what is undone is the plain deviation, as both libraries do it.
  return { scale: Math.sqrt(squares(mean) / Math.max(1, x.length - 1)), shift: mean };
}
