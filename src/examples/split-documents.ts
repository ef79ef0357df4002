/**
 * Who may see what. Every document is in one part, and so are all its near-duplicates: explanations are written from
 * `train`, chosen between on `select`, judges and thresholds are set on `calibrate`, and scores come from `test`.
 * The part of a document depends on the seed, the shares and the corpus alone, so it is the same for all latents and
 * whatever is sampled. A window that runs across documents of different parts is in none.
 */
import type { LatentCache } from "../cache/latent-cache.js";
import { seededRandom } from "../random.js";
import { DocumentMap, documentTokens } from "./documents.js";
import { nearDuplicateGroups } from "./near-duplicates.js";
import type { Place } from "./read-window.js";

export const parts = ["train", "select", "calibrate", "test"] as const;
export type Part = (typeof parts)[number];

/** How documents are divided, relative to each other. */
export type PartShares = Readonly<Record<Part, number>>;

/**
 * Divides the documents of a cache.
 *
 * @returns The part of a place; `undefined` where it touches several.
 */
export function splitDocuments(
  cache: LatentCache,
  { seed, shares }: { seed: number | string; shares: PartShares },
): (place: Place) => Part | undefined {
  const { map, groups } = documentGroups(cache);
  const partOfGroup = splitGroups({ seed, shares });
  const partOf = Array.from(groups, partOfGroup);
  return (place) => {
    const [first, last] = map.of(place);
    for (let document = first + 1; document <= last; document++) {
      if (partOf[document] !== partOf[first]) return undefined;
    }
    return partOf[first];
  };
}

/** The part of each group, by a hash of its number: parts get their shares on average. */
export function splitGroups({
  seed,
  shares,
}: {
  seed: number | string;
  shares: PartShares;
}): (group: number) => Part {
  const key = seededRandom(seed)
    .fork("split")
    .integer(2 ** 32);
  const wanted = parts.filter((part) => shares[part] > 0);
  const total = wanted.reduce((sum, part) => sum + shares[part], 0);
  return (group) => {
    let rest = (mix(group ^ key) / 2 ** 32) * total;
    for (const part of wanted) {
      rest -= shares[part];
      if (rest < 0) return part;
    }
    return wanted[wanted.length - 1];
  };
}

interface DocumentGroups {
  readonly map: DocumentMap;
  /** For each document the least index among its near-duplicates. */
  readonly groups: Uint32Array;
}

const known = new WeakMap<LatentCache, DocumentGroups>();

/** Documents of a cache and their groups of near-duplicates, found on first use. */
export function documentGroups(cache: LatentCache): DocumentGroups {
  const found = known.get(cache);
  if (found) return found;
  const map = new DocumentMap(cache);
  const groups = nearDuplicateGroups(map.starts.length, (document) => documentTokens(cache, map, document));
  known.set(cache, { map, groups });
  return { map, groups };
}

/** A whole number in [0, 2^32) in which every bit depends on every bit of the input (murmur3's finaliser). */
function mix(n: number): number {
  let h = n;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
