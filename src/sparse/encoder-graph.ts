/**
 * The encoder as an ONNX graph that hands over only what is not zero: a dense `[position, d_sae]`
 * would cost more to copy into JavaScript than to compute.
 *
 * Top-k and group maximum select in the graph. Threshold kinds fold the threshold into the bias, look at blocks of
 * up to 32 latents, and hand over the blocks that hold anything positive; this is exact, and
 * several times cheaper than finding single latents in the graph. Wide coders are cut into tiles
 * so that the dense part stays small.
 */
import type { GraphBuilder } from "../model/onnx/graph-builder.js";
import type { CoderWeights } from "./coder-weights.js";
import { normaliseInGraph } from "./input-norm.js";
import { weightRows } from "./stored-matrix.js";

const tileWidth = 8192;
const widestBlock = 32;

/** A run of latents that is computed together, in blocks. */
export interface Tile {
  readonly start: number;
  readonly width: number;
  /** Latents in a block; divides `width`. */
  readonly block: number;
}

/**
 * Adds the encoder to a graph.
 *
 * @param given `[position, d_model]`.
 * @returns Outputs: `values`, `latents` for top-k and group maximum, `places`*i*, `blocks`*i* otherwise.
 */
export function appendEncoder(
  builder: GraphBuilder,
  weights: CoderWeights,
  given: string,
): Record<string, string> {
  const { activation } = weights;
  const x = centred(builder, weights, given);
  const tiles = encoderTiles(weights);
  if (activation.kind === "groupmax") return groupMaxOutputs(builder, weights, { x, tiles, k: activation.k });
  if (activation.kind === "topk") return topKOutputs(builder, weights, { x, tiles, k: activation.k });
  return thresholdOutputs(builder, weights, { x, tiles });
}

/** How the latents are cut; of groups, whole ones only. */
export function encoderTiles({ activation, encoder }: CoderWeights): Tile[] {
  const [dSae] = encoder.shape;
  if (activation.kind !== "groupmax") return tilesOf(dSae);
  const group = dSae / activation.k;
  return tilesOf(dSae, { widest: Math.max(1, Math.floor(tileWidth / group)) * group });
}

/** Latents in runs of at most `widest`, in blocks of at most `largest`, a power of two. */
export function tilesOf(dSae: number, { widest = tileWidth, largest = widestBlock } = {}): Tile[] {
  const tiles: Tile[] = [];
  for (let start = 0; start < dSae; start += widest) {
    const width = Math.min(widest, dSae - start);
    let block = largest;
    while (width % block !== 0) block /= 2;
    tiles.push({ start, width, block });
  }
  return tiles;
}

/** What the encoder's rows are multiplied with: the input, normalised and less `b_dec` where the coder wants that. */
export function centred(builder: GraphBuilder, weights: CoderWeights, given: string): string {
  const dModel = weights.encoder.shape[1];
  const norm = weights.inputNorm;
  const x = norm ? normaliseInGraph(builder, given, { norm, dModel }) : given;
  if (!weights.subtractsDecoderBias) return x;
  return builder.node("Sub", [x, builder.weight("b_dec", weights.decoderBias, [dModel])])[0];
}

/** `x · encoderᵀ + bias` for one tile. */
function preActivations(
  builder: GraphBuilder,
  weights: CoderWeights,
  { x, tile, bias }: { x: string; tile: Tile; bias: Float32Array },
): string {
  const [from, to] = [tile.start, tile.start + tile.width];
  const w = weightRows(builder, weights.encoder, { name: `w${from}`, from, to });
  const b = builder.weight(`b${from}`, bias.subarray(from, to), [tile.width]);
  return builder.node("Gemm", [x, w, b], { attributes: { transB: 1 } })[0];
}

function topKOutputs(
  builder: GraphBuilder,
  weights: CoderWeights,
  { x, tiles, k }: { x: string; tiles: readonly Tile[]; k: number },
): Record<string, string> {
  const topK = (tensor: string, size: number) => {
    const count = Math.min(k, size);
    const kName = builder.weight(`k${tensor}`, BigInt64Array.of(BigInt(count)), [1]);
    return builder.node("TopK", [tensor, kName], { outputs: 2 });
  };
  const best = tiles.map((tile) => {
    const h = preActivations(builder, weights, { x, tile, bias: weights.encoderBias });
    const [values, indices] = topK(builder.node("Relu", [h])[0], tile.width);
    if (tile.start === 0) return { values, indices };
    const offset = builder.weight(`o${tile.start}`, BigInt64Array.of(BigInt(tile.start)), [1]);
    return { values, indices: builder.node("Add", [indices, offset])[0] };
  });
  let [{ values, indices }] = best;
  if (best.length > 1) {
    const join = (names: string[]) => builder.node("Concat", names, { attributes: { axis: 1 } })[0];
    const candidates = join(best.map((tile) => tile.indices));
    const [final, chosen] = topK(join(best.map((tile) => tile.values)), weights.encoder.shape[0]);
    values = final;
    indices = builder.node("GatherElements", [candidates, chosen], { attributes: { axis: 1 } })[0];
  }
  return { values, latents: toInt32(builder, indices) };
}

function groupMaxOutputs(
  builder: GraphBuilder,
  weights: CoderWeights,
  { x, tiles, k }: { x: string; tiles: readonly Tile[]; k: number },
): Record<string, string> {
  const group = weights.encoder.shape[0] / k;
  const whole = (name: string, numbers: number[]) =>
    builder.weight(name, BigInt64Array.from(numbers, BigInt), [numbers.length]);
  const one = whole("one", [1]);
  const best = tiles.map(({ start, width, block }) => {
    const tile = { start, width, block };
    const h = preActivations(builder, weights, { x, tile, bias: weights.encoderBias });
    const groups = whole(`g${start}`, [-1, width / group, group]);
    const [grouped] = builder.node("Reshape", [builder.node("Relu", [h])[0], groups]);
    const top = builder.node("TopK", [grouped, one], { outputs: 2 });
    const flat = whole(`f${start}`, [-1, width / group]);
    const [values, indices] = top.map((name) => builder.node("Reshape", [name, flat])[0]);
    const starts = Array.from({ length: width / group }, (_, i) => start + i * group);
    return { values, indices: builder.node("Add", [indices, whole(`o${start}`, starts)])[0] };
  });
  const join = (names: string[]) => builder.node("Concat", names, { attributes: { axis: 1 } })[0];
  return {
    values: join(best.map((tile) => tile.values)),
    latents: toInt32(builder, join(best.map((tile) => tile.indices))),
  };
}

function thresholdOutputs(
  builder: GraphBuilder,
  weights: CoderWeights,
  { x, tiles }: { x: string; tiles: readonly Tile[] },
): Record<string, string> {
  const bias = excessBias(weights);
  const zero = builder.weight("zero", Float32Array.of(0), []);
  const outputs: Record<string, string> = {};
  tiles.forEach((tile, i) => {
    const excess = preActivations(builder, weights, { x, tile, bias });
    Object.assign(outputs, blocksAbove(builder, blocksOf(builder, excess, tile), { cut: zero, tile: i }));
  });
  return outputs;
}

/** The encoder's bias, less the threshold where there is one: a latent fires where product and this exceed 0. */
export function excessBias({ activation, encoderBias }: CoderWeights): Float32Array {
  if (activation.kind !== "threshold") return encoderBias;
  return encoderBias.map((b, i) => b - Math.max(0, activation.thresholds[i]));
}

/** `[position, block, latent]`, and the largest of each block. */
export interface Blocks {
  readonly all: string;
  readonly largest: string;
}

/** Cuts a tile's `[position, latent]` into its blocks. */
export function blocksOf(builder: GraphBuilder, dense: string, { start, width, block }: Tile): Blocks {
  const shape = BigInt64Array.of(-1n, BigInt(width / block), BigInt(block));
  const [all] = builder.node("Reshape", [dense, builder.weight(`s${start}`, shape, [3])]);
  return { all, largest: builder.reduce("ReduceMax", all, { axis: 2, keep: false }) };
}

/** Outputs for the blocks whose largest number is above the cut: `places` `[2, found]` (position, block), and `blocks`. */
export function blocksAbove(
  builder: GraphBuilder,
  { all, largest }: Blocks,
  { cut, tile }: { cut: string; tile: number },
): Record<string, string> {
  const [places] = builder.node("NonZero", builder.node("Greater", [largest, cut]));
  const indices = builder.node("Transpose", [places], { attributes: { perm: [1, 0] } });
  return {
    [`places${tile}`]: toInt32(builder, places),
    [`blocks${tile}`]: builder.node("GatherND", [all, ...indices])[0],
  };
}

function toInt32(builder: GraphBuilder, tensor: string): string {
  return builder.node("Cast", [tensor], { attributes: { to: 6 } })[0];
}
