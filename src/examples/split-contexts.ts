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
  const split = seededRandom(seed).fork("split");
  const known = new Map<number, Side>();
  return (context) => {
    const side = known.get(context) ?? (split.fork(context).random() < trainShare ? "train" : "test");
    known.set(context, side);
    return side;
  };
}
