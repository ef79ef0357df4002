import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import type { Random } from "../random.js";
import type { Place } from "./read-window.js";
import { tokenKeys } from "./window-order.js";
import { tileAt, tilesPerContext, type WindowGrid } from "./windows.js";

export interface SilentOptions {
  grid: WindowGrid;
  count: number;
  random: Random;
  /** Tokens of windows in which the latent fires somewhere (`tokenKeys`): never given as silent ones. */
  firing: ReadonlySet<number>;
  /** Whether a place may be given, by its document and by what was chosen before. */
  allowed: (place: Place) => boolean;
}

/**
 * Tiles in which a latent is silent, drawn without replacement, different in tokens from each other and from
 * every window in which it fires. They come from contexts in which it never fires (the paper, 1.3: such rows;
 * there at offset 10 and with replacement), a tile from each before a second from any. A latent so dense that
 * these run out is given silent tiles of contexts in which it does fire. Fewer than `count` where there
 * are no more.
 */
export function silentWindows(cache: LatentCache, rows: LatentActivations, options: SilentOptions): Place[] {
  const { grid, random, count } = options;
  const fires = firingTiles(cache, rows, grid);
  const contexts = random.shuffle(Array.from({ length: cache.contextCount }, (_, context) => context));
  const taken = new Set<number>();
  const chosen: Place[] = [];
  const take = (candidates: readonly number[], tile: (context: number) => number) => {
    for (const context of candidates) {
      if (chosen.length >= count) return;
      const index = tile(context);
      if (fires.tiles[context * fires.perContext + index] === 1) continue;
      const place = { context, ...tileAt(index, grid) };
      const key = tokenKeys(cache, [place])[0] as number;
      if (options.firing.has(key) || taken.has(key) || !options.allowed(place)) continue;
      taken.add(key);
      chosen.push(place);
    }
  };
  const silent = contexts.filter((context) => fires.contexts[context] === 0);
  const others = contexts.filter((context) => fires.contexts[context] === 1);
  const turn = new Uint32Array(cache.contextCount);
  for (const candidates of [silent, others]) {
    if (chosen.length >= count) break;
    for (const context of candidates) turn[context] = random.integer(fires.perContext);
    for (let round = 0; round < fires.perContext && chosen.length < count; round++) {
      take(candidates, (context) => (turn[context] + round) % fires.perContext);
    }
  }
  return chosen;
}

function firingTiles(cache: LatentCache, { positions }: LatentActivations, grid: WindowGrid) {
  const { windowLength } = grid;
  const perContext = tilesPerContext(grid);
  const contexts = new Uint8Array(cache.contextCount);
  const tiles = new Uint8Array(cache.contextCount * perContext);
  for (const position of positions) {
    const context = Math.floor(position / cache.contextLength);
    const tile = Math.floor((position - context * cache.contextLength) / windowLength);
    contexts[context] = 1;
    if (tile < perContext) tiles[context * perContext + tile] = 1;
  }
  return { perContext, contexts, tiles };
}
