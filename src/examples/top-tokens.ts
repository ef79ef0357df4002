import type { LatentCache } from "../cache/latent-cache.js";

/** A token on which a latent fires. */
export interface TokenShare {
  readonly token: number;
  /** Its text where it is met first. */
  readonly piece: string;
  /** Share of the latent's summed activation that falls on it. */
  readonly share: number;
  /** Positions at which the latent fires on it. */
  readonly count: number;
}

/**
 * The tokens on which a latent fires, by their share of its activation, most first; of equal ones the lower id.
 *
 * @param options.share The fewest tokens that together have this share. Default: 1, all of them.
 */
export function topTokens(
  cache: LatentCache,
  index: number,
  { share = 1 }: { share?: number | undefined } = {},
): TokenShare[] {
  const sums = sumsByToken(cache, index);
  const total = sums.reduce((all, { sum }) => all + sum, 0);
  sums.sort((a, b) => b.sum - a.sum || a.token - b.token);
  let covered = 0;
  const last = sums.findIndex(({ sum }) => {
    covered += sum;
    // Adding up in another order than `total` may fall short by rounding.
    return covered >= share * total * (1 - 1e-9);
  });
  return sums.slice(0, last + 1).map(({ token, position, sum, count }) => {
    const context = Math.floor(position / cache.contextLength);
    const piece = cache.pieces(context)[position - context * cache.contextLength];
    return { token, piece, share: sum / total, count };
  });
}

function sumsByToken(cache: LatentCache, index: number) {
  const { positions, activations } = cache.read(index);
  const sums = new Map<number, { token: number; position: number; sum: number; count: number }>();
  let [context, ids]: [number, Int32Array] = [-1, new Int32Array(0)];
  positions.forEach((position, row) => {
    const at = Math.floor(position / cache.contextLength);
    if (at !== context) [context, ids] = [at, cache.tokens(at)];
    const token = ids[position - at * cache.contextLength];
    const entry = sums.get(token) ?? { token, position, sum: 0, count: 0 };
    sums.set(token, entry);
    entry.sum += activations[row];
    entry.count++;
  });
  return [...sums.values()];
}
