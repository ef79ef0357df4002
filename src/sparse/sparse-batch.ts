import type { Tensor, TensorData } from "../tensor.js";
import type { Tile } from "./encoder-graph.js";
import type { SparseActivations } from "./sparse-activations.js";

/** What the encoder's graph gave for one batch of positions. */
export type Outputs = ReadonlyMap<string, Tensor<TensorData>>;

/** The entries of a batch, sorted by position, then latent; positions count from `firstPosition`. */
export interface SparseBatch {
  readonly positions: Uint32Array;
  readonly latents: Uint32Array;
  readonly values: Float32Array;
}

export type VisitEntry = (row: number, latent: number, value: number) => void;

type SizeOfLatent = (latent: number, excess: number) => number;

/** From the top-k outputs `values` and `latents`, `[position, k]`; what is not positive is dropped. */
export function topKBatch(outputs: Outputs, firstPosition: number): SparseBatch {
  const values = outputs.get("values") as Tensor;
  const latents = (outputs.get("latents") as Tensor<Int32Array>).data;
  const [rows, k] = values.shape;
  const batch = emptyBatch(values.data.length);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const start = count;
    for (let i = row * k; i < (row + 1) * k; i++) {
      if (!(values.data[i] > 0)) continue;
      // Insertion by latent: k is small.
      let at = count++;
      for (; at > start && batch.latents[at - 1] > latents[i]; at--) {
        batch.latents[at] = batch.latents[at - 1];
        batch.values[at] = batch.values[at - 1];
      }
      batch.latents[at] = latents[i];
      batch.values[at] = values.data[i];
    }
    batch.positions.fill(firstPosition + row, start, count);
  }
  return cutBatch(batch, count);
}

/**
 * From the threshold outputs: blocks of `h − threshold` that hold a positive number, tile by tile.
 * `sizeOfLatent` gives a latent's value from that excess; what is not positive is dropped.
 */
export function thresholdBatch(
  outputs: Outputs,
  tiles: readonly Tile[],
  { rows, firstPosition, sizeOfLatent }: { rows: number; firstPosition: number; sizeOfLatent: SizeOfLatent },
): SparseBatch {
  const each = (visit: VisitEntry) =>
    eachEntry(outputs, tiles, (row, latent, excess) => visit(row, latent, sizeOfLatent(latent, excess)));
  return sortedBatch(each, { rows, firstPosition });
}

/**
 * Entries of more than 0, sorted by row.
 *
 * @param each Visits all entries, those of a row in the order of latents; called twice.
 */
export function sortedBatch(
  each: (visit: VisitEntry) => void,
  { rows, firstPosition }: { rows: number; firstPosition: number },
): SparseBatch {
  const next = new Uint32Array(rows + 1);
  each((row, _latent, value) => {
    if (value > 0) next[row + 1]++;
  });
  for (let row = 0; row < rows; row++) next[row + 1] += next[row];
  const batch = emptyBatch(next[rows]);
  each((row, latent, value) => {
    if (!(value > 0)) return;
    const at = next[row]++;
    batch.positions[at] = firstPosition + row;
    batch.latents[at] = latent;
    batch.values[at] = value;
  });
  return batch;
}

/** Several batches after each other. */
export function joinBatches(
  batches: readonly SparseBatch[],
  shape: readonly [number, number],
): SparseActivations {
  const joined = emptyBatch(batches.reduce((n, batch) => n + batch.latents.length, 0));
  let at = 0;
  for (const { positions, latents, values } of batches) {
    joined.positions.set(positions, at);
    joined.latents.set(latents, at);
    joined.values.set(values, at);
    at += latents.length;
  }
  return { shape, ...joined };
}

/**
 * What the blocks hold above 0, or above the row's cut. Within each tile entries come by row, then latent; tiles come in
 * the order of latents.
 */
export function eachEntry(outputs: Outputs, tiles: readonly Tile[], visit: VisitEntry): void {
  const cuts = outputs.get("cuts")?.data as Float32Array | undefined;
  tiles.forEach(({ start, block }, i) => {
    const places = (outputs.get(`places${i}`) as Tensor<Int32Array>).data;
    const blocks = (outputs.get(`blocks${i}`) as Tensor).data;
    const count = places.length / 2;
    for (let m = 0; m < count; m++) {
      const latent = start + places[count + m] * block;
      const cut = cuts ? cuts[places[m]] : 0;
      for (let j = 0; j < block; j++) {
        const value = blocks[m * block + j];
        if (value > cut) visit(places[m], latent + j, value);
      }
    }
  });
}

function emptyBatch(size: number): SparseBatch {
  return {
    positions: new Uint32Array(size),
    latents: new Uint32Array(size),
    values: new Float32Array(size),
  };
}

function cutBatch({ positions, latents, values }: SparseBatch, count: number): SparseBatch {
  return {
    positions: positions.subarray(0, count),
    latents: latents.subarray(0, count),
    values: values.subarray(0, count),
  };
}
