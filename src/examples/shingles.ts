/**
 * Hashes of all runs of `size` tokens, ascending and different: what two texts are compared by. A shorter text is
 * one run. Different runs share a hash with a chance of 2^-32.
 */
export function shingles(tokens: ArrayLike<number>, size: number): Uint32Array {
  const sorted = shingleHashes(tokens, size).sort();
  let kept = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[kept++] = sorted[i];
  }
  return sorted.subarray(0, kept);
}

/** The same in order of position, repeated ones included. */
export function shingleHashes(tokens: ArrayLike<number>, size: number): Uint32Array {
  const width = Math.min(size, tokens.length);
  const hashes = new Uint32Array(tokens.length === 0 ? 0 : tokens.length - width + 1);
  for (let start = 0; start < hashes.length; start++) {
    let h = width;
    for (let i = start; i < start + width; i++) {
      h = Math.imul(h ^ tokens[i], 0xcc9e2d51);
      h = Math.imul(h ^ (h >>> 15), 0x1b873593);
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    hashes[start] = h ^ (h >>> 13);
  }
  return hashes;
}

/** Jaccard's similarity of two sets of shingles: of those in either, the share in both. 0 for two empty ones. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let [i, j, both] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) both++;
    if (a[i] <= b[j]) {
      if (a[i] === b[j]) j++;
      i++;
    } else j++;
  }
  const either = a.length + b.length - both;
  return either === 0 ? 0 : both / either;
}
