/**
 * Negatives of rising difficulty. Any explanation tells a latent's windows from random ones; a wrong one fails further up:
 * windows of latents that fire with it, windows with its tokens in another context, windows of latents whose
 * directions are nearest. (The last rung, the least edit that silences the latent, needs the model: `minimalEdits`.)
 */
import type { LatentCache } from "../cache/latent-cache.js";
import { latentName } from "../latent.js";
import { seededRandom } from "../random.js";
import { coOccurrence } from "./co-occurrence.js";
import type { Window } from "./example.js";
import { NegativeSieve, type SeenExamples } from "./negative-sieve.js";
import { neighbourWindows } from "./neighbour-windows.js";
import { type Directions, type Neighbour, neighbours } from "./neighbours.js";
import { type Place, readWindow } from "./read-window.js";
import { sameTokenWindows } from "./same-token-windows.js";
import { silentWindows } from "./silent-windows.js";

export const negativeKinds = [
  "random",
  "co-active",
  "same-token",
  "encoder-neighbour",
  "decoder-neighbour",
] as const;

/**
 * `random`: any silent window. `co-active`: a window of a latent that often fires at the same positions. `same-token`: with
 * a token on which the latent fires elsewhere. `encoder-neighbour`, `decoder-neighbour`: a window of a latent
 * that reads or writes a similar direction.
 */
export type NegativeKind = (typeof negativeKinds)[number];

/** A window in which a latent is silent, and why it is hard. */
export interface NegativeWindow extends Window {
  readonly kind: NegativeKind;
  /** The other latent that fires in it, with its activations: of `co-active` ones and neighbours. */
  readonly other?: { readonly index: number; readonly activations: Float32Array };
  /** The token on which the latent fires elsewhere: of `same-token` ones. */
  readonly token?: number;
}

export interface NegativeLadderOptions {
  /** Default: all; those of neighbours only where `coder` is given. */
  kinds?: readonly NegativeKind[] | undefined;
  /** Windows of each kind. Default: 50. */
  count?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
  /** For neighbours by direction. */
  coder?: Directions | undefined;
  /** Of `coOccurrence`, if it was asked for many latents at once. Default: found by a pass through the cache. */
  coActive?: readonly Neighbour[] | undefined;
  /** Neighbours whose windows are looked through. Default: 20. */
  neighbourCount?: number | undefined;
  /** What else a window must be, e.g. of certain documents. Default: anything. */
  allowed?: ((place: Place) => boolean) | undefined;
}

/**
 * Windows that a scorer may hold against an explanation, in the order of the kinds; no tokens twice. Fewer than asked for
 * where there are none left: a latent that fires on every "the" has no `same-token` negatives.
 *
 * @param examples Of `sampleExamples`: negatives keep away from what explanations were written from, chosen and set on.
 * @throws {RangeError} If a kind needs a coder and there is none.
 */
export function negativeLadder(
  cache: LatentCache,
  examples: SeenExamples,
  options: NegativeLadderOptions = {},
): NegativeWindow[] {
  const { count = 50, coder, seed = 22 } = options;
  const kinds = options.kinds ?? negativeKinds.filter((kind) => coder || !kind.endsWith("neighbour"));
  const { latent } = examples;
  const sieve = new NegativeSieve(cache, examples, options.allowed);
  const random = seededRandom(seed).fork(latentName(latent)).fork("negatives");
  const read = (place: Place, kind: NegativeKind) => ({ ...readWindow(cache, place, sieve.rows), kind });
  return kinds.flatMap((kind): NegativeWindow[] => {
    if (kind === "random") {
      const { grid, firing } = sieve;
      const allowed = (place: Place) => sieve.take(place);
      const places = silentWindows(cache, sieve.rows, {
        grid,
        count,
        firing,
        random: random.fork(kind),
        allowed,
      });
      return places.map((place) => read(place, kind));
    }
    if (kind === "same-token") {
      const places = sameTokenWindows(cache, latent.index, { sieve, count, random: random.fork(kind) });
      return places.map((place) => ({ ...read(place, kind), token: place.token }));
    }
    const found = neighboursOf(cache, { index: latent.index, kind, options });
    return neighbourWindows(cache, found, { sieve, count }).map((place) => {
      const { activations } = readWindow(cache, place, place.rows);
      return { ...read(place, kind), other: { index: place.neighbour, activations } };
    });
  });
}

function neighboursOf(
  cache: LatentCache,
  { index, kind, options }: { index: number; kind: NegativeKind; options: NegativeLadderOptions },
): readonly Neighbour[] {
  const { coder, neighbourCount: count = 20, coActive } = options;
  if (kind === "co-active") return coActive ?? coOccurrence(cache, [index], { count }).get(index) ?? [];
  if (coder)
    return neighbours(coder, index, { count, by: kind === "encoder-neighbour" ? "encoder" : "decoder" });
  throw new RangeError(`Cannot find negatives of kind "${kind}" for latent ${index}: give the coder`);
}
