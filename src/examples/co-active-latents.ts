import type { LatentCache } from "../cache/latent-cache.js";
import { seededRandom } from "../random.js";
import { Nearest, type Neighbour } from "./neighbours.js";

/** Activations that are held: 32 MiB of latents, by position. */
const mostHeld = 1 << 23;

/** A cache as far as it says which latents fire where. */
type Source = Pick<LatentCache, "dSae" | "contextCount" | "contextLength" | "manifest" | "read">;

/**
 * The latents that fire at the same positions as one most often, as `coOccurrence` finds them, for one latent after another:
 * after a first pass through the cache each costs as many steps as latents fire where it does. Of a cache with more than
 * 8 million activations the positions of so many contexts are looked at, drawn by seed, as have about so many.
 */
export function coActiveLatents(
  cache: Source,
  index: number,
  { count = 5, most = mostHeld }: { count?: number | undefined; most?: number | undefined } = {},
): Neighbour[] {
  const { slots, starts, latents, counts } = firingByPosition(cache, most);
  const both = new Uint32Array(cache.dSae);
  const met: number[] = [];
  for (const place of placesIn(cache.read(index).positions, slots, cache)) {
    for (let i = starts[place]; i < starts[place + 1]; i++) {
      if (both[latents[i]]++ === 0) met.push(latents[i]);
    }
  }
  const nearest = new Nearest(count);
  for (const other of met.sort((a, b) => a - b)) {
    const either = counts[index] + counts[other] - both[other];
    if (other !== index) nearest.offer({ index: other, similarity: both[other] / either });
  }
  return nearest.list;
}

/** At place `p` of the contexts that are looked at fire `latents[starts[p]]` to `latents[starts[p + 1]]` (exclusive). */
interface FiringByPosition {
  /** Of each context which of those looked at it is, or -1. */
  readonly slots: Int32Array;
  readonly starts: Uint32Array;
  readonly latents: Uint32Array;
  /** How often each latent fires there. */
  readonly counts: Uint32Array;
}

const known = new WeakMap<Source, Map<number, FiringByPosition>>();

function firingByPosition(cache: Source, most: number): FiringByPosition {
  const found = known.get(cache) ?? new Map<number, FiringByPosition>();
  known.set(cache, found);
  const made = found.get(most) ?? readFiring(cache, most);
  found.set(most, made);
  return made;
}

function readFiring(cache: Source, most: number): FiringByPosition {
  const { slots, contexts } = drawContexts(cache, most);
  const places = Array.from({ length: cache.dSae }, (_, latent) =>
    placesIn(cache.read(latent).positions, slots, cache),
  );
  const starts = new Uint32Array(contexts * cache.contextLength + 2);
  for (const list of places) for (const place of list) starts[place + 2]++;
  for (let i = 2; i < starts.length; i++) starts[i] += starts[i - 1];
  const latents = new Uint32Array(starts[starts.length - 1]);
  places.forEach((list, latent) => {
    for (const place of list) latents[starts[place + 1]++] = latent;
  });
  return { slots, starts, latents, counts: Uint32Array.from(places, ({ length }) => length) };
}

function drawContexts({ contextCount, manifest }: Source, most: number) {
  const contexts = Math.min(contextCount, Math.ceil((contextCount * most) / manifest.rows));
  const all = Array.from({ length: contextCount }, (_, context) => context);
  const drawn = contexts < contextCount ? seededRandom("co-active").sample(all, contexts) : all;
  const slots = new Int32Array(contextCount).fill(-1);
  for (const [slot, context] of drawn.entries()) slots[context] = slot;
  return { slots, contexts };
}

/** Positions in the contexts that are looked at, counted through these. */
function placesIn(positions: Uint32Array, slots: Int32Array, { contextLength }: Source): Uint32Array {
  const places = new Uint32Array(positions.length);
  let count = 0;
  for (const position of positions) {
    const context = Math.floor(position / contextLength);
    const slot = slots[context];
    if (slot >= 0) places[count++] = slot * contextLength + position - context * contextLength;
  }
  return places.slice(0, count);
}
