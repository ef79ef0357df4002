import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import type { Window } from "./example.js";
import { firstRowFrom } from "./windows.js";

/** Positions `start` to `end` (exclusive) of a context. */
export interface Place {
  readonly context: number;
  readonly start: number;
  readonly end: number;
}

/** Reads the tokens of a place and puts a latent's activations on them. */
export function readWindow(cache: LatentCache, place: Place, rows: LatentActivations): Window {
  const { context, start, end } = place;
  return {
    context,
    start,
    tokens: cache.tokens(context).slice(start, end),
    pieces: cache.pieces(context).slice(start, end),
    activations: activationsAt(rows, place, cache),
  };
}

/** A latent's activations on a place, one per token, 0 where it is silent. */
export function activationsAt(
  rows: LatentActivations,
  { context, start, end }: Place,
  { contextLength }: { readonly contextLength: number },
): Float32Array {
  const base = context * contextLength + start;
  const activations = new Float32Array(end - start);
  for (let row = firstRowFrom(rows, base); row < rows.positions.length; row++) {
    const at = rows.positions[row] - base;
    if (at >= activations.length) break;
    activations[at] = rows.activations[row];
  }
  return activations;
}
