import type { LatentCache } from "../cache/latent-cache.js";
import type { Random } from "../random.js";
import type { NegativeSieve } from "./negative-sieve.js";
import type { Place } from "./read-window.js";
import { topTokens } from "./top-tokens.js";
import { tileAt, tilesPerContext } from "./windows.js";

/** A place, and the token on which the latent fires elsewhere. */
export interface SameTokenPlace extends Place {
  readonly token: number;
}

/**
 * Tiles with a token on which the latent fires elsewhere and here is silent: what an explanation that names the token but not
 * its context gets wrong. The tokens are the fewest that have 80 % of the latent's activation, 20 at most; each is
 * met in proportion to its share as far as there are such tiles. Empty for a latent that always fires on its tokens.
 */
export function sameTokenWindows(
  cache: LatentCache,
  index: number,
  { sieve, count, random }: { sieve: NegativeSieve; count: number; random: Random },
): SameTokenPlace[] {
  const tokens = topTokens(cache, index, { share: 0.8 }).slice(0, 20);
  const shares = tokens.reduce((sum, { share }) => sum + share, 0);
  const quota = new Map(tokens.map(({ token, share }) => [token, Math.ceil((count * share) / shares)]));
  const chosen: SameTokenPlace[] = [];
  const spare: SameTokenPlace[] = [];
  for (const place of tilesWith(cache, { tokens: tokens.map(({ token }) => token), sieve, random })) {
    const left = quota.get(place.token) ?? 0;
    if (left === 0) spare.push(place);
    else if (sieve.take(place)) {
      quota.set(place.token, left - 1);
      if (chosen.push(place) === count) return chosen;
    }
  }
  for (const place of spare) {
    if (chosen.length === count) break;
    if (sieve.take(place)) chosen.push(place);
  }
  return chosen;
}

/** Tiles in random order of context that have one of the tokens, with the first of the list that they have. */
function* tilesWith(
  cache: LatentCache,
  { tokens, sieve, random }: { tokens: readonly number[]; sieve: NegativeSieve; random: Random },
): Generator<SameTokenPlace> {
  const rank = new Map(tokens.map((token, i) => [token, i]));
  const { grid } = sieve;
  const tiles = tilesPerContext(grid);
  for (const context of random.shuffle(Array.from({ length: cache.contextCount }, (_, i) => i))) {
    const ids = cache.tokens(context);
    for (let tile = 0; tile < tiles; tile++) {
      const { start, end } = tileAt(tile, grid);
      let best = tokens.length;
      for (let i = start; i < end; i++) best = Math.min(best, rank.get(ids[i]) ?? tokens.length);
      if (best < tokens.length) yield { context, start, end, token: tokens[best] };
    }
  }
}
