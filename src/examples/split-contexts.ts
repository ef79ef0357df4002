import { seededRandom } from "../random.js";

export type Side = "train" | "test";

/**
 * Divides contexts into two sides, once and for all latents: which side a context is on depends on the
 * seed and its index alone. Whatever is sampled afterwards, train and test share no context. (The peer
 * systems draw both from one list with one seed, so that explanations are scored on what they were
 * written from; the paper's code, too: 5.3.)
 *
 * @param trainShare Share of contexts on the train side, between 0 and 1.
 */
export function splitContexts(seed: number | string, trainShare: number): (context: number) => Side {
  const key = seededRandom(seed)
    .fork("split")
    .integer(2 ** 32);
  return (context) => (hash(context ^ key) / 2 ** 32 < trainShare ? "train" : "test");
}

/** A whole number in [0, 2^32) in which every bit depends on every bit of the input (murmur3's finaliser). */
function hash(n: number): number {
  let h = n;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
