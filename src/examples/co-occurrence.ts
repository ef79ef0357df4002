import type { LatentCache } from "../cache/latent-cache.js";
import { Nearest, type Neighbour } from "./neighbours.js";

/** A cache as far as it says where latents fire. */
export type FiringSource = Pick<LatentCache, "dSae" | "tokenCount"> & {
  read(index: number): { readonly positions: Uint32Array };
};

/**
 * For each of some latents, those that fire at the same positions most often: Jaccard's share of the positions where
 * both fire among those where either does. Best first; of equal ones the lower index; none that never meets it.
 *
 * One pass through the cache for all of them, whatever their number. Memory is 4 bytes per position and per activation of
 * the latents asked for; no table of pairs of latents is made.
 *
 * @param indices Latents; each is given once.
 * @throws {RangeError} If there is no such latent.
 */
export function coOccurrence(
  cache: FiringSource,
  indices: readonly number[],
  { count = 5 }: { count?: number | undefined } = {},
): Map<number, Neighbour[]> {
  const wanted = [...new Set(indices)];
  const { starts, targets, counts } = targetsByPosition(cache, wanted);
  const nearest = wanted.map(() => new Nearest(count));
  const both = new Uint32Array(wanted.length);
  const met: number[] = [];
  for (let other = 0; other < cache.dSae; other++) {
    const { positions } = cache.read(other);
    for (let row = 0; row < positions.length; row++) {
      const position = positions[row];
      for (let i = starts[position]; i < starts[position + 1]; i++) {
        const target = targets[i];
        if (both[target]++ === 0) met.push(target);
      }
    }
    for (const target of met) {
      const either = counts[target] + positions.length - both[target];
      if (wanted[target] !== other)
        nearest[target].offer({ index: other, similarity: both[target] / either });
      both[target] = 0;
    }
    met.length = 0;
  }
  return new Map(wanted.map((index, target) => [index, nearest[target].list]));
}

/** At position `p` fire the targets `targets[starts[p]]` to `targets[starts[p + 1]]` (exclusive). */
function targetsByPosition(cache: FiringSource, wanted: readonly number[]) {
  const starts = new Uint32Array(cache.tokenCount + 2);
  const counts = new Uint32Array(wanted.length);
  wanted.forEach((index, target) => {
    const { positions } = cache.read(index);
    counts[target] = positions.length;
    for (const position of positions) starts[position + 2]++;
  });
  for (let i = 2; i < starts.length; i++) starts[i] += starts[i - 1];
  const targets = new Uint32Array(starts[starts.length - 1]);
  wanted.forEach((index, target) => {
    for (const position of cache.read(index).positions) targets[starts[position + 1]++] = target;
  });
  return { starts, targets, counts };
}
