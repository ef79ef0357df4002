import type { LatentActivations } from "../cache/latent-cache.js";

/** How contexts are cut into windows. */
export interface WindowGrid {
  readonly contextLength: number;
  /** The paper's is 32. */
  readonly windowLength: number;
  /** 1 where position 0 is BOS, which no window contains; else 0. */
  readonly firstPosition: number;
}

/** A place in a context where a latent fires: positions `start` to `end` (exclusive). */
export interface FiringWindow {
  readonly context: number;
  readonly start: number;
  readonly end: number;
  /** The largest activation in it, > 0. */
  readonly peak: number;
}

/**
 * The tiles of the contexts in which a latent fires, in order of position. Tiles do not overlap and begin at multiples of
 * `windowLength` (the paper, 1.3); the active token may be anywhere in them. Where position 0 is BOS, the
 * first tile begins behind it and is one token shorter. Positions behind the last whole tile belong to none.
 */
export function windows(rows: LatentActivations, grid: WindowGrid): FiringWindow[] {
  const found: { context: number; start: number; end: number; peak: number }[] = [];
  const tiles = tilesPerContext(grid);
  let last = -1;
  for (let row = 0; row < rows.positions.length; row++) {
    const position = rows.positions[row] as number;
    const activation = rows.activations[row] as number;
    const context = Math.floor(position / grid.contextLength);
    const tile = Math.floor((position - context * grid.contextLength) / grid.windowLength);
    const current = found.at(-1);
    if (tile >= tiles || position - context * grid.contextLength < grid.firstPosition) continue;
    if (current !== undefined && last === context * tiles + tile) {
      if (activation > current.peak) current.peak = activation;
      continue;
    }
    last = context * tiles + tile;
    found.push({ context, ...tileAt(tile, grid), peak: activation });
  }
  return found;
}

/** Tiles of a context; around those that fire `centredWindows` are laid, around the last partial one as well. */
export function tilesPerContext(
  { contextLength, windowLength }: WindowGrid,
  placement: "tiles" | "centred" = "tiles",
): number {
  const tiles = contextLength / windowLength;
  return placement === "centred" ? Math.ceil(tiles) : Math.floor(tiles);
}

/** The positions of tile `tile` of any context. */
export function tileAt(
  tile: number,
  { windowLength, firstPosition }: WindowGrid,
): { start: number; end: number } {
  return { start: Math.max(tile * windowLength, firstPosition), end: (tile + 1) * windowLength };
}

/**
 * One window around each peak: for every tile in which the latent fires, the window of `windowLength` tokens
 * with the tile's strongest token in its middle (at index `windowLength / 2`), moved where it would leave the context.
 * Windows of neighbouring tiles may overlap; equal ones are given once.
 */
export function centredWindows(rows: LatentActivations, grid: WindowGrid): FiringWindow[] {
  const { contextLength, windowLength, firstPosition } = grid;
  const lastStart = Math.max(firstPosition, contextLength - windowLength);
  const found = new Map<number, FiringWindow>();
  for (const position of peakPositions(rows, grid)) {
    const context = Math.floor(position / contextLength);
    const middle = position - context * contextLength - Math.floor(windowLength / 2);
    const start = Math.min(Math.max(middle, firstPosition), lastStart);
    const place = { context, start, end: Math.min(start + windowLength, contextLength) };
    const peak = peakWithin(rows, context * contextLength + start, context * contextLength + place.end);
    found.set(context * contextLength + start, { ...place, peak });
  }
  return [...found.values()];
}

/** Position of the strongest activation of each tile that fires, the last partial tile included. */
function peakPositions(rows: LatentActivations, grid: WindowGrid): number[] {
  const { contextLength, windowLength, firstPosition } = grid;
  const tiles = tilesPerContext(grid, "centred");
  const peaks = new Map<number, number>();
  for (let row = 0; row < rows.positions.length; row++) {
    const position = rows.positions[row] as number;
    const context = Math.floor(position / contextLength);
    if (position - context * contextLength < firstPosition) continue;
    const tile = context * tiles + Math.floor((position - context * contextLength) / windowLength);
    const best = peaks.get(tile);
    if (best === undefined || (rows.activations[row] as number) > (rows.activations[best] as number))
      peaks.set(tile, row);
  }
  return [...peaks.values()].map((row) => rows.positions[row] as number);
}

function peakWithin(rows: LatentActivations, from: number, to: number): number {
  let peak = 0;
  for (let row = firstRowFrom(rows, from); row < rows.positions.length; row++) {
    if ((rows.positions[row] as number) >= to) break;
    peak = Math.max(peak, rows.activations[row] as number);
  }
  return peak;
}

/** Index of the first activation at or after a position, by bisection. */
export function firstRowFrom({ positions }: LatentActivations, position: number): number {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((positions[middle] as number) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
