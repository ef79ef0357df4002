/**
 * Latents that a table of scores should not mix with the others: those that follow the position in the context, and
 * those that a short list of tokens describes. Both get high scores for little.
 */
import type { LatentCache } from "../cache/latent-cache.js";
import { positionInformation } from "../stats/position-information.js";
import { type TokenShare, topTokens } from "./top-tokens.js";

export interface LatentTraits {
  /** Mutual information, in nats, of firing with the position in the context. */
  readonly positionInformation: number;
  /** Whether that is above 0.05. */
  readonly positional: boolean;
  /** The fewest tokens that together have 80 % of the activation, most first. */
  readonly tokens: readonly TokenShare[];
  /** Share of the occurrences of these tokens in the corpus at which the latent fires: 1 for a latent that is its tokens. */
  readonly firingShare: number;
  /** Whether these tokens are no more than 20. */
  readonly unigram: boolean;
}

export interface LatentTraitsOptions {
  /** Information from which a latent is positional, in nats. Default: 0.05. */
  leastInformation?: number | undefined;
  /** Most tokens of a unigram latent. Default: 20. */
  mostTokens?: number | undefined;
  /** Share of the activation that they have. Default: 0.8. */
  share?: number | undefined;
}

/**
 * What a latent's activations say about its kind, from the cache alone. Of a small vocabulary most latents are unigram by
 * the count of tokens; `firingShare` tells which of them need no context.
 *
 * @throws {RangeError} If the latent never fires.
 * @see The filters of the paper's blog post (3.6: positional above 0.05; unigram up to 20 tokens in the top 80 % of the
 *   activation, which it verifies by putting the tokens into random text; here their occurrences in the corpus are counted).
 */
export function latentTraits(
  cache: LatentCache,
  index: number,
  { leastInformation = 0.05, mostTokens = 20, share = 0.8 }: LatentTraitsOptions = {},
): LatentTraits {
  const tokens = topTokens(cache, index, { share });
  if (tokens.length === 0) {
    throw new RangeError(
      `Cannot tell the traits of latent ${index}: it never fires in ${cache.tokenCount} tokens`,
    );
  }
  const information = informationOf(cache, index);
  const fired = tokens.reduce((sum, { count }) => sum + count, 0);
  return {
    positionInformation: information,
    positional: information > leastInformation,
    tokens,
    firingShare: fired / occurrences(cache, tokens),
    unigram: tokens.length <= mostTokens,
  };
}

/** Share of their places on which a latent must fire for its tokens to be all there is to it. */
const mostPlaces = 0.5;

/**
 * `positional`, and `unigram` where the few tokens need no context, so that the latent fires on half of their places or
 * more. Empty for most latents.
 */
export function traitLabels({ positional, unigram, firingShare }: LatentTraits): string[] {
  return [
    ...(positional ? ["positional"] : []),
    ...(unigram && firingShare >= mostPlaces ? ["unigram"] : []),
  ];
}

function informationOf(cache: LatentCache, index: number): number {
  const firing = new Uint32Array(cache.contextLength);
  for (const position of cache.read(index).positions) firing[position % cache.contextLength]++;
  return positionInformation(firing.subarray(cache.firstPosition), cache.contextCount);
}

/** How often each id occurs at positions that count, by id; found on first use. */
const tokenCounts = new WeakMap<LatentCache, Map<number, number>>();

function occurrences(cache: LatentCache, tokens: readonly TokenShare[]): number {
  const counts = tokenCounts.get(cache) ?? countTokens(cache);
  tokenCounts.set(cache, counts);
  return tokens.reduce((sum, { token }) => sum + (counts.get(token) ?? 0), 0);
}

function countTokens(cache: LatentCache): Map<number, number> {
  const counts = new Map<number, number>();
  for (let context = 0; context < cache.contextCount; context++) {
    const ids = cache.tokens(context);
    for (let i = cache.firstPosition; i < ids.length; i++) counts.set(ids[i], (counts.get(ids[i]) ?? 0) + 1);
  }
  return counts;
}
