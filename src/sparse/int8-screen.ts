import { graphBuilder } from "../model/onnx/graph-builder.js";
import { openSession } from "../model/onnx/onnx-session.js";
import { type Tensor, tensor } from "../tensor.js";
import type { CoderWeights } from "./coder-weights.js";
import { centred, excessBias, type Tile } from "./encoder-graph.js";
import { type Pairs, rowDots } from "./row-dots.js";
import { appendScreen, screenTiles } from "./screen-graph.js";
import { eachEntry, type Outputs, type SparseBatch, sortedBatch } from "./sparse-batch.js";
import { sizeFunction } from "./weighted-coder.js";

/** Looks at all latents in 8-bit integers, and computes those that can fire in float32. */
export interface Int8Screen {
  /** Positions that a run takes at most. */
  readonly positionsPerRun: number;
  run(activations: Tensor, firstPosition: number): Promise<Screened>;
  close(): Promise<void>;
}

/** What a run found. */
export interface Screened extends SparseBatch {
  /** What passed the screen; positions count from 0. */
  readonly candidates: Pairs;
  /** Whether all that passed stayed below its bound. */
  readonly withinBounds: boolean;
}

interface ScreenedPairs extends Pairs {
  readonly bounds: Float32Array;
}

/** Numbers between the layers of a graph that stay in a processor's cache. */
const numbersPerRun = 2 ** 23;
const fewestPositions = 64;
const mostPositions = 512;
/** Of float32, relative and on the safe side. */
const rounding = 1e-5;

/**
 * Prepares a screen for a coder whose latents fire by threshold or are the k largest.
 *
 * @param sample `[position, d_model]`: activations as they will come.
 */
export async function int8Screen(
  weights: CoderWeights,
  sample: Tensor,
  { name, threads }: { name: string; threads?: number | undefined },
): Promise<Int8Screen> {
  const [dSae, dModel] = weights.encoder.shape;
  // In memory: its rows are taken again and again.
  const encoder = tensor(weights.encoder.data, [dSae, dModel]);
  const session = { path: name, threads };
  const spread = await spreadOf(weights, sample, session);
  const builder = graphBuilder();
  const given = builder.input("x", ["position", dModel]);
  const graph = appendScreen(builder, weights, { given, encoder, spread });
  const open = await openSession(builder.build(graph), session);
  const tiles = screenTiles(weights);
  const bias = excessBias(weights);
  return {
    positionsPerRun: Math.min(mostPositions, Math.max(fewestPositions, Math.floor(numbersPerRun / dSae))),
    async run(activations, firstPosition) {
      const outputs = await open.run({ x: activations });
      const candidates = pairsOf(outputs, tiles);
      const excess = rowDots(outputs.get("centred") as Tensor, encoder, candidates);
      for (let i = 0; i < excess.length; i++) excess[i] += bias[candidates.latents[i]];
      const rows = activations.shape[0];
      const batch = batchOf(candidates, valuesOf(weights, candidates, { excess, rows }), {
        rows,
        firstPosition,
      });
      return { ...batch, candidates, withinBounds: boundsHold(outputs, candidates, excess) };
    },
    close: () => open.close(),
  };
}

/** Root mean square of the centred activations in each dimension, `[d_model]`. */
async function spreadOf(
  weights: CoderWeights,
  sample: Tensor,
  options: { path: string; threads: number | undefined },
): Promise<Float32Array> {
  const builder = graphBuilder();
  const x = centred(builder, weights, builder.input("x", ["position", weights.encoder.shape[1]]));
  const square = builder.reduce("ReduceMean", builder.node("Mul", [x, x])[0], { axis: 0, keep: false });
  const session = await openSession(builder.build({ spread: builder.node("Sqrt", [square])[0] }), options);
  const outputs = await session.run({ x: sample });
  await session.close();
  return (outputs.get("spread") as Tensor).data;
}

function pairsOf(outputs: Outputs, tiles: readonly Tile[]): ScreenedPairs {
  let count = 0;
  eachEntry(outputs, tiles, () => count++);
  const pairs = {
    positions: new Uint32Array(count),
    latents: new Uint32Array(count),
    bounds: new Float32Array(count),
  };
  let at = 0;
  eachEntry(outputs, tiles, (row, latent, bound) => {
    pairs.positions[at] = row;
    pairs.latents[at] = latent;
    pairs.bounds[at++] = bound;
  });
  return pairs;
}

/** Whether no pair came to more than it passed with. */
function boundsHold(outputs: Outputs, { positions, bounds }: ScreenedPairs, excess: Float32Array): boolean {
  const scales = (outputs.get("scales") as Tensor).data;
  return excess.every(
    (value, i) => value * scales[positions[i]] <= bounds[i] + rounding * Math.abs(bounds[i]),
  );
}

function batchOf(
  { positions, latents }: Pairs,
  values: Float32Array,
  place: { rows: number; firstPosition: number },
): SparseBatch {
  return sortedBatch((visit) => {
    for (let i = 0; i < values.length; i++) visit(positions[i], latents[i], values[i]);
  }, place);
}

/** What each pair comes to; not more than 0 if it does not fire. */
function valuesOf(
  { activation }: CoderWeights,
  pairs: Pairs,
  { excess, rows }: { excess: Float32Array; rows: number },
): Float32Array {
  if (activation.kind === "topk") return keepLargest(excess, pairs, { rows, k: activation.k });
  if (activation.kind === "groupmax")
    throw new TypeError("Cannot screen groups of latents: each has one that fires");
  const sizeOfLatent = sizeFunction(activation);
  return excess.map((value, i) => (value > 0 ? sizeOfLatent(pairs.latents[i], value) : 0));
}

/** The k largest of each row; 0 in place of the others. Of equal ones the first latents stay. */
function keepLargest(
  values: Float32Array,
  { positions }: Pairs,
  { rows, k }: { rows: number; k: number },
): Float32Array {
  const ofRow: number[][] = Array.from({ length: rows }, () => []);
  positions.forEach((row, i) => {
    ofRow[row].push(i);
  });
  const kept = new Float32Array(values.length);
  for (const entries of ofRow) {
    const sorted = Float32Array.from(entries, (i) => values[i])
      .sort()
      .reverse();
    const last = sorted[k - 1] ?? 0;
    let equal = k - sorted.indexOf(last);
    // Entries come by latent.
    for (const i of entries) if (values[i] > last || (values[i] === last && equal-- > 0)) kept[i] = values[i];
  }
  return kept;
}
