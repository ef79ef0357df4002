import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import type { NegativeSieve } from "./negative-sieve.js";
import type { Neighbour } from "./neighbours.js";
import type { Place } from "./read-window.js";
import { strongestFirstOrder } from "./window-order.js";
import { windows } from "./windows.js";

/** A place where another latent fires and the one in question is silent. */
export interface NeighbourPlace extends Place {
  readonly neighbour: number;
  readonly rows: LatentActivations;
}

/**
 * The strongest windows of a latent's neighbours in which the latent itself is silent, nearest neighbours first, up to
 * `each` from any: what an explanation that is too broad claims as well.
 *
 * @see The reference implementation takes ten from each as well, but may give more than asked for, windows of equal tokens
 *   and windows that the explanation was written from.
 */
export function neighbourWindows(
  cache: LatentCache,
  found: readonly Neighbour[],
  { sieve, count, each = 10 }: { sieve: NegativeSieve; count: number; each?: number | undefined },
): NeighbourPlace[] {
  const chosen: NeighbourPlace[] = [];
  for (const { index } of found) {
    if (chosen.length === count) break;
    const rows = cache.read(index);
    const places = windows(rows, sieve.grid);
    let taken = 0;
    for (const i of strongestFirstOrder(places)) {
      if (taken === each || chosen.length === count) break;
      const { context, start, end } = places[i];
      if (!sieve.take({ context, start, end })) continue;
      chosen.push({ context, start, end, neighbour: index, rows });
      taken++;
    }
  }
  return chosen;
}
