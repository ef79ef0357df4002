/**
 * A cheap look at all latents, in 8-bit integers, that tells which can fire at all: those are then computed in float32.
 *
 * With a position's activations `y ≈ q / scale` and a latent's weights `v ≈ step · r`, q and r of integers up to 127, the
 * product `q · step r` differs from `scale · y · v` by at most `‖scale y − q‖ ‖v‖ + ‖q‖ ‖v − step r‖`
 * (Cauchy–Schwarz). To add that would miss nothing by proof, but is far too much: roundings point nowhere
 * in particular, and add up to about `1 / √d_model` of it. What is added is seven times that; `screenedCoder` checks it.
 */
import type { GraphBuilder } from "../model/onnx/graph-builder.js";
import type { Tensor } from "../tensor.js";
import type { CoderWeights } from "./coder-weights.js";
import {
  type Blocks,
  blocksAbove,
  blocksOf,
  centred,
  excessBias,
  type Tile,
  tilesOf,
} from "./encoder-graph.js";
import { balanceOf, largestInteger, type QuantisedRows, quantisedRows } from "./quantised-rows.js";

/** Deviations of the summed roundings that are allowed for. */
const deviations = 7;
/** The runtime is fast for unsigned times signed integers only. */
const zeroPoint = 128;
/** Keeps a position of zeros from becoming infinite. */
const smallest = 1e-20;

export interface ScreenOptions {
  /** `[position, d_model]`. */
  given: string;
  /** `[d_sae, d_model]`. */
  encoder: Tensor;
  /** Typical size of the centred activations in each dimension, `[d_model]`. */
  spread: Float32Array;
}

/** Names of tensors; `[position, …]` all. */
interface Activations {
  /** uint8, `[…, d_model]`. */
  readonly integers: string;
  /** What the activations were multiplied with, the length of their roundings, the length of the integers; `[…, 3]`. */
  readonly sides: string;
  readonly scales: string;
}

/** How the latents are cut; for top-k into many more blocks than k, as the k largest maxima of blocks make the cut. */
export function screenTiles({ activation, encoder }: CoderWeights): Tile[] {
  const [dSae] = encoder.shape;
  let largest = 32;
  if (activation.kind === "topk") while (largest > 1 && dSae / largest < 4 * activation.k) largest /= 2;
  return tilesOf(dSae, { largest });
}

/**
 * Adds the screen to a graph.
 *
 * @returns Outputs: `centred` `[position, d_model]`, what the encoder's rows are multiplied with; `scales`
 *   `[position, 1]`; `places`*i*, `blocks`*i* with upper bounds of `scale · (h − threshold)`; for top-k also `cuts`
 *   `[position, 1]`: the bounds of the k largest are above.
 */
export function appendScreen(
  builder: GraphBuilder,
  weights: CoderWeights,
  { given, encoder, spread }: ScreenOptions,
): Record<string, string> {
  const { activation } = weights;
  const share = Math.min(1, deviations / Math.sqrt(encoder.shape[1]));
  const x = centred(builder, weights, given);
  const balance = balanceOf(encoder, spread);
  const activations = quantise(builder, x, balance);
  const bias = excessBias(weights);
  const widest = [0, 0];
  const tiles = screenTiles(weights);
  const blocks = tiles.map((tile) => {
    const rows = quantisedRows(encoder, tile, { balance, share });
    widest[0] = rows.lengths.reduce((a, b) => Math.max(a, b), widest[0]);
    widest[1] = rows.errors.reduce((a, b) => Math.max(a, b), widest[1]);
    return blocksOf(builder, upperBounds(builder, activations, { tile, rows, bias }), tile);
  });
  const outputs: Record<string, string> = { centred: x, scales: activations.scales };
  let cut = builder.weight("zero", Float32Array.of(0), []);
  if (activation.kind === "topk") {
    cut = topKCuts(builder, blocks, { k: activation.k, sides: activations.sides, widest });
    outputs.cuts = cut;
  }
  const found = blocks.map((of, tile) => blocksAbove(builder, of, { cut, tile }));
  return Object.assign(outputs, ...found);
}

/** Each position in integers of its own scale. */
function quantise(builder: GraphBuilder, x: string, balance: Float32Array): Activations {
  const number = (name: string, value: number) => builder.weight(name, Float32Array.of(value), []);
  const node = (op: string, ...inputs: string[]) => builder.node(op, inputs)[0];
  const reduce = (op: string, input: string) => builder.reduce(op, input, { axis: 1, keep: true });
  const inverse = builder.weight(
    "balance",
    balance.map((factor) => 1 / factor),
    [balance.length],
  );
  const balanced = node("Mul", x, inverse);
  const largest = node("Max", reduce("ReduceMax", node("Abs", balanced)), number("smallest", smallest));
  const scales = node("Div", number("largestInteger", largestInteger), largest);
  const scaled = node("Mul", balanced, scales);
  const rounding = [number("one", 1), builder.weight("zeroPoint", Uint8Array.of(zeroPoint), [])];
  const integers = node("QuantizeLinear", scaled, ...rounding);
  const rounded = node("DequantizeLinear", integers, ...rounding);
  const lengths = [reduce("ReduceL2", node("Sub", scaled, rounded)), reduce("ReduceL2", rounded)];
  const [sides] = builder.node("Concat", [scales, ...lengths], { attributes: { axis: 1 } });
  return { integers, sides, scales };
}

/** Of `scale · (h − threshold)`, `[position, latent]`, for one tile. */
function upperBounds(
  builder: GraphBuilder,
  { integers, sides }: Activations,
  { tile: { start, width }, rows, bias }: { tile: Tile; rows: QuantisedRows; bias: Float32Array },
): string {
  const dModel = rows.integers.length / width;
  const product = builder.node(
    "MatMulIntegerToFloat",
    [
      integers,
      builder.weight(`w${start}`, rows.integers, [dModel, width]),
      "one",
      builder.weight(`step${start}`, rows.steps, [width]),
      "zeroPoint",
    ],
    { domain: "com.microsoft" },
  );
  const sideWeights = new Float32Array(3 * width);
  sideWeights.set(bias.subarray(start, start + width));
  sideWeights.set(rows.lengths, width);
  sideWeights.set(rows.errors, 2 * width);
  const added = builder.weight(`side${start}`, sideWeights, [3, width]);
  return builder.node("Gemm", [sides, added, ...product])[0];
}

/**
 * Bounds of the k largest are above: k blocks have a bound of at least the k-th largest maximum, and what has a
 * bound has a value of no less than the bound without twice the margin.
 */
function topKCuts(
  builder: GraphBuilder,
  blocks: readonly Blocks[],
  { k, sides, widest }: { k: number; sides: string; widest: readonly number[] },
): string {
  const node = (op: string, ...inputs: string[]) => builder.node(op, inputs)[0];
  const [maxima] = builder.node(
    "Concat",
    blocks.map(({ largest }) => largest),
    { attributes: { axis: 1 } },
  );
  const [largest] = builder.node("TopK", [maxima, builder.weight("k", BigInt64Array.of(BigInt(k)), [1])], {
    outputs: 2,
  });
  const kth = builder.reduce("ReduceMin", largest, { axis: 1, keep: true });
  const twice = builder.weight("margin", Float32Array.of(0, 2 * widest[0], 2 * widest[1]), [3, 1]);
  // Less than the k-th itself, also where nothing was rounded.
  const below = node("Mul", kth, builder.weight("below", Float32Array.of(1 - 1e-5), []));
  return node("Relu", node("Sub", below, node("MatMul", sides, twice)));
}
