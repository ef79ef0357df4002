/**
 * Randomness as a value: a generator is made from a seed and passed along; nothing in saelab
 * calls `Math.random`. `fork(name)` gives an independent stream for a named part, so adding a
 * draw in one place never changes the draws of another.
 *
 * The generator is sfc32 (Chris Doty-Humphrey's Small Fast Counting, 128 bits of state), seeded
 * through the xmur3-style string hash below. Same seed, same numbers, on every platform.
 */
export interface Random {
  /** The next number, uniform in [0, 1), with 32 bits of resolution. */
  random(): number;
  /** A whole number, uniform in [0, n). */
  integer(n: number): number;
  /** One element, uniform. @throws {RangeError} If the list is empty. */
  pick<T>(list: ArrayLike<T>): T;
  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(list: Iterable<T>): T[];
  /** `n` different elements in random order; all of them, shuffled, where the list is shorter. */
  sample<T>(list: Iterable<T>, n: number): T[];
  /** An independent generator that depends on this one's seed and the name only. */
  fork(name: number | string): Random;
}

/** A generator whose numbers depend on the seed alone. */
export function seededRandom(seed: number | string): Random {
  const name = String(seed);
  const next = sfc32(name);
  const integer = (n: number) => Math.floor(next() * n);
  const shuffle = <T>(list: Iterable<T>): T[] => {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = integer(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  };
  return {
    random: next,
    integer,
    pick<T>(list: ArrayLike<T>): T {
      if (list.length === 0) throw new RangeError("Cannot pick from an empty list");
      return list[integer(list.length)] as T;
    },
    shuffle,
    sample: (list, n) => shuffle(list).slice(0, n),
    fork: (part) => seededRandom(`${name}/${part}`),
  };
}

function sfc32(seed: string): () => number {
  const word = hashWords(seed);
  let a = word();
  let b = word();
  let c = word();
  let counter = 1;
  const next = () => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return (t >>> 0) / 4294967296;
  };
  // The first outputs still show the seed's structure; the author's test suite discards 12.
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Hashes a string into a stream of 32-bit words (FNV-1a start, murmur3-style finaliser). */
function hashWords(text: string): () => number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return () => {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) + 0x9e3779b9;
    return h | 0;
  };
}
