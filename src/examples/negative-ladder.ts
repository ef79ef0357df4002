/**
 * Negatives of rising difficulty. Any explanation tells a latent's windows from random ones; a wrong one fails further up:
 * windows of latents that fire with it or whose directions are nearest, windows with its tokens in another
 * context, windows whose text is most like its own. (The last rung, the least edit that silences the latent, needs the
 * model: `minimalEdits`.)
 */
import type { LatentCache } from "../cache/latent-cache.js";
import { latentName } from "../latent.js";
import { type Random, seededRandom } from "../random.js";
import { coActiveLatents } from "./co-active-latents.js";
import { type EmbeddedWindows, embeddingNeighbourWindows } from "./embedding-neighbour-windows.js";
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
  "encoder-neighbour",
  "decoder-neighbour",
  "same-token",
  "embedding-neighbour",
] as const;

/**
 * `random`: any silent window. `co-active`: a window of a latent that often fires at the same positions.
 * `encoder-neighbour`, `decoder-neighbour`: a window of a latent that reads or writes a similar direction. `same-token`: with
 * a token on which the latent fires elsewhere. `embedding-neighbour`: of all silent windows the likest, to an embedder, to
 * those in which the latent fires.
 */
export type NegativeKind = (typeof negativeKinds)[number];

/** A window in which a latent is silent, and why it is hard. */
export interface NegativeWindow extends Window {
  readonly kind: NegativeKind;
  /** The other latent that fires in it, with its activations: of `co-active` ones and neighbours by direction. */
  readonly other?: { readonly index: number; readonly activations: Float32Array };
  /** The token on which the latent fires elsewhere: of `same-token` ones. */
  readonly token?: number;
}

/** What some kinds of negatives are found by. */
export interface NegativeSources {
  /** For neighbours by direction. */
  coder?: Directions | undefined;
  /** For neighbours by embedding: of `embedWindows`. */
  embedded?: EmbeddedWindows | undefined;
}

export interface NegativeLadderOptions extends NegativeSources {
  /** Default: all; neighbours by direction only where `coder` is given, by embedding where `embedded` is. */
  kinds?: readonly NegativeKind[] | undefined;
  /** Windows of each kind. Default: 50. */
  count?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
  /** Of `coOccurrence`, if it was asked for many latents at once. Default: of `coActiveLatents`. */
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
 * @throws {RangeError} If a kind needs a coder or embedded windows and there are none.
 */
export function negativeLadder(
  cache: LatentCache,
  examples: SeenExamples,
  options: NegativeLadderOptions = {},
): NegativeWindow[] {
  const { coder, embedded, seed = 22, count = 50 } = options;
  const given = (kind: NegativeKind) =>
    kind === "embedding-neighbour" ? embedded : !kind.endsWith("neighbour") || coder;
  const kinds = options.kinds ?? negativeKinds.filter(given);
  const { index } = examples.latent;
  const sieve = new NegativeSieve(cache, examples, options.allowed);
  const random = seededRandom(seed).fork(latentName(examples.latent)).fork("negatives");
  return kinds.flatMap((kind) => {
    const found = rungs[kind](cache, { ...options, kind, index, sieve, count, random: random.fork(kind) });
    return found.map(({ token, other, ...place }) => ({
      ...readWindow(cache, place, sieve.rows),
      kind,
      ...(token !== undefined && { token }),
      ...(other && { other }),
    }));
  });
}

interface RungOptions extends NegativeLadderOptions {
  readonly kind: NegativeKind;
  readonly index: number;
  readonly sieve: NegativeSieve;
  readonly count: number;
  readonly random: Random;
}

type Rung = (
  cache: LatentCache,
  options: RungOptions,
) => readonly (Place & Pick<NegativeWindow, "other" | "token">)[];

const windowsOfNeighbours =
  (neighboursOf: (cache: LatentCache, options: RungOptions) => readonly Neighbour[]): Rung =>
  (cache, options) =>
    neighbourWindows(cache, neighboursOf(cache, options), options).map(({ neighbour, rows, ...place }) => {
      const { activations } = readWindow(cache, place, rows);
      return { ...place, other: { index: neighbour, activations } };
    });

const windowsByDirection = windowsOfNeighbours((_, { coder, index, kind, neighbourCount: count = 20 }) => {
  const by = kind === "encoder-neighbour" ? "encoder" : "decoder";
  if (coder) return neighbours(coder, index, { count, by });
  throw lacking({ kind, index }, "the coder");
});

const rungs: Readonly<Record<NegativeKind, Rung>> = {
  random: (cache, { sieve, count, random }) => {
    const { grid, firing, rows } = sieve;
    return silentWindows(cache, rows, { grid, count, firing, random, allowed: (place) => sieve.take(place) });
  },
  "co-active": windowsOfNeighbours((cache, { index, coActive, neighbourCount: count = 20 }) => {
    return coActive ?? coActiveLatents(cache, index, { count });
  }),
  "encoder-neighbour": windowsByDirection,
  "decoder-neighbour": windowsByDirection,
  "same-token": (cache, { index, ...options }) => sameTokenWindows(cache, index, options),
  "embedding-neighbour": (cache, { embedded, ...options }) => {
    if (embedded) return embeddingNeighbourWindows(cache, embedded, options);
    throw lacking(options, "embedWindows(cache) as { embedded }");
  },
};

function lacking({ kind, index }: Pick<RungOptions, "kind" | "index">, wanted: string): RangeError {
  return new RangeError(`Cannot find negatives of kind "${kind}" for latent ${index}: give ${wanted}`);
}
