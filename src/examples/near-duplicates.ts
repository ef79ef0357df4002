/**
 * Which texts are nearly the same, among millions: MinHash over token shingles. The least of many hashes of a text's
 * shingles agrees between two texts with a chance equal to their Jaccard similarity; texts that agree in all hashes of a
 * band are compared exactly. With 16 bands of 4, a pair at a similarity of 0.8 is met with a chance of 0.9998, at 0.3
 * it is compared in vain in 12 %.
 *
 * @see Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of massive datasets", 3.4 (bands).
 */
import { seededRandom } from "../random.js";
import { jaccard, shingleHashes, shingles } from "./shingles.js";

export interface NearDuplicateOptions {
  /** Least Jaccard similarity of shingle sets. Default: 0.8. */
  threshold?: number | undefined;
  /** Tokens in a shingle. Default: 5. */
  shingle?: number | undefined;
  /** Of the hash functions: changes which pairs are met below the threshold, not what counts. Default: 22. */
  seed?: number | string | undefined;
}

/** Instead of a band's key: nothing is near to nothing. */
const emptyText = 0;

const bands = 16;
const rows = 4;

/**
 * Groups of near-duplicates: texts joined by a chain of pairs at or above the threshold.
 *
 * @param count Number of texts; `tokensOf` gives the tokens of each.
 * @returns For each text the least index in its group, `[count]`. Texts without tokens are each alone.
 */
export function nearDuplicateGroups(
  count: number,
  tokensOf: (index: number) => ArrayLike<number>,
  { threshold = 0.8, shingle = 5, seed = 22 }: NearDuplicateOptions = {},
): Uint32Array {
  const keys = bandKeys(count, (index) => shingleHashes(tokensOf(index), shingle), seed);
  const groups = new Groups(count);
  const setOf = (index: number) => shingles(tokensOf(index), shingle);
  for (let band = 0; band < bands; band++) {
    const buckets = new Map<number, number[]>();
    for (let index = 0; index < count; index++) {
      const key = keys[index * bands + band];
      if (key === emptyText) continue;
      const heads = buckets.get(key);
      if (heads === undefined) buckets.set(key, [index]);
      else if (!joinOne(groups, heads, index, { setOf, threshold })) heads.push(index);
    }
  }
  return Uint32Array.from({ length: count }, (_, index) => groups.find(index));
}

/** Joins a text to the group of one of the heads of its bucket, if it is near to any. */
function joinOne(
  groups: Groups,
  heads: readonly number[],
  index: number,
  { setOf, threshold }: { setOf: (index: number) => Uint32Array; threshold: number },
): boolean {
  if (heads.some((head) => groups.find(head) === groups.find(index))) return true;
  const own = setOf(index);
  const near = heads.find((head) => jaccard(own, setOf(head)) >= threshold);
  if (near !== undefined) groups.join(near, index);
  return near !== undefined;
}

/** One number for each band of each text, `[count, bands]`. */
function bandKeys(
  count: number,
  hashesOf: (index: number) => Uint32Array,
  seed: number | string,
): Uint32Array {
  const random = seededRandom(seed).fork("min-hash");
  const [masks, factors] = [new Uint32Array(bands * rows), new Uint32Array(bands * rows)];
  for (let i = 0; i < masks.length; i++) {
    masks[i] = random.integer(2 ** 32);
    factors[i] = random.integer(2 ** 31) * 2 + 1;
  }
  const keys = new Uint32Array(count * bands);
  for (let index = 0; index < count; index++) {
    const hashes = hashesOf(index);
    if (hashes.length === 0) continue;
    for (let i = 0; i < masks.length; i++) {
      const at = index * bands + Math.floor(i / rows);
      keys[at] = Math.imul(keys[at] ^ leastHash(hashes, masks[i], factors[i]), 0x9e3779b1) + i;
    }
  }
  return keys;
}

function leastHash(hashes: Uint32Array, mask: number, factor: number): number {
  let least = 0xffffffff;
  for (let i = 0; i < hashes.length; i++) {
    const hash = Math.imul(hashes[i] ^ mask, factor) >>> 0;
    if (hash < least) least = hash;
  }
  return least;
}

/** Disjoint sets; the least member stands for its set. */
class Groups {
  readonly #parent: Uint32Array;

  constructor(count: number) {
    this.#parent = Uint32Array.from({ length: count }, (_, i) => i);
  }

  find(index: number): number {
    const parent = this.#parent;
    let at = index;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }

  join(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    this.#parent[Math.max(first, second)] = Math.min(first, second);
  }
}
