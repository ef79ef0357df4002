import type { LatentActivations } from "../cache/latent-cache.js";
import { activationsAt, type Place } from "./read-window.js";
import { torchArgsort } from "./torch-argsort.js";
import { type FiringWindow, type WindowGrid, windows } from "./windows.js";

/** A window as delphi lays it, with what it takes for the latent's activations there. */
export interface DelphiWindow extends Place {
  readonly activations: Float32Array;
}

/** All windows of a latent, in delphi's order; activations are put on those that are read. */
export interface DelphiWindows {
  readonly count: number;
  read(rank: number): DelphiWindow;
}

/** Tiles by descending peak; of equal ones that first which is so after PyTorch's sort. */
export function delphiTiles(rows: LatentActivations, grid: WindowGrid): DelphiWindows {
  const tiles = strongestFirst(windows(rows, grid));
  return {
    count: tiles.length,
    read: (rank) => ({ ...tiles[rank], activations: activationsAt(rows, tiles[rank], grid) }),
  };
}

/** Windows by descending peak, in PyTorch's order. */
export function strongestFirst<T extends FiringWindow>(found: readonly T[]): T[] {
  return Array.from(torchArgsort(found.map(({ peak }) => peak)), (i) => found[i]);
}

/**
 * What delphi does where `center_examples` is false: around the strongest token of each tile, so that a quarter of the window is
 * behind it; none of a context's first and last tile.
 *
 * Its activations are true on the tile itself alone. Those of the tiles beside it are there only if these are windows, too, and
 * not in their places: windows that have a tile before them get each other's activations there, their own tile's for the
 * tile's before, in the order of the ranks of the tiles before them; and so behind them.
 */
export function delphiCentred(rows: LatentActivations, grid: WindowGrid): DelphiWindows {
  const { windowLength, contextLength } = grid;
  const last = Math.floor(contextLength / windowLength) * windowLength - windowLength;
  const kept = strongestFirst(windows(rows, grid)).filter(({ start }) => start !== 0 && start !== last);
  const before = misplaced(kept, -windowLength);
  const behind = misplaced(kept, windowLength);
  const empty = new Float32Array(windowLength);
  const on = (rank: number | undefined) =>
    rank === undefined ? empty : activationsAt(rows, kept[rank], grid);
  return {
    count: kept.length,
    read(rank) {
      const { context, start: tile, peak } = kept[rank];
      const own = on(rank);
      const from = own.indexOf(peak) + Math.floor(windowLength / 4);
      const start = tile + from - windowLength;
      const activations = Float32Array.from([...on(before.get(rank)), ...own, ...on(behind.get(rank))]);
      return {
        context,
        start,
        end: start + windowLength,
        activations: activations.slice(from, from + windowLength),
      };
    },
  };
}

/** For windows of which the tile `step` tokens on is one, too: the rank of that whose activations stand there. */
function misplaced(kept: readonly FiringWindow[], step: number): Map<number, number> {
  const ranks = new Map(kept.map(({ context, start }, rank) => [`${context} ${start}`, rank]));
  const beside = kept.map(({ context, start }) => ranks.get(`${context} ${start + step}`));
  const having = [...kept.keys()].filter((rank) => beside[rank] !== undefined);
  const givers = [...having].sort((a, b) => (beside[a] ?? 0) - (beside[b] ?? 0));
  return new Map(having.map((rank, i) => [rank, givers[i]]));
}
