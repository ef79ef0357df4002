import type { LatentCache } from "../cache/latent-cache.js";
import { dot } from "../stats/dot.js";
import { row, type Tensor } from "../tensor.js";
import { NearIndex } from "./near-index.js";
import type { NegativeSieve } from "./negative-sieve.js";
import type { Place } from "./read-window.js";
import { strongestFirstOrder } from "./window-order.js";
import { windows } from "./windows.js";

/** Windows of a cache as vectors: a pool in which silent windows are looked for that are like those where a latent fires. */
export interface EmbeddedWindows {
  /** Of the embedder. */
  readonly name: string;
  /** SHA-256 (hex) of which windows these are and who embedded them. */
  readonly hash: string;
  readonly windowLength: number;
  readonly places: readonly Place[];
  /** `[window, dimensions]`; the dot product of two rows says how alike two windows are. */
  readonly vectors: Tensor;
}

/** Only the strongest so many windows of a dense latent are compared with those that are nearly the same. */
const mostCompared = 2000;

/**
 * Windows of the pool in which the latent is silent, by their mean likeness to those of the pool in which it fires, likest
 * first: what an explanation of its topic claims as well. None nearly equals a window in which it fires.
 *
 * @throws {RangeError} If the latent fires in no window of the pool, or these are of another length.
 */
export function embeddingNeighbourWindows(
  cache: LatentCache,
  embedded: EmbeddedWindows,
  { sieve, index, count }: { sieve: NegativeSieve; index: number; count: number },
): Place[] {
  const { places } = embedded;
  checkPool(embedded, { sieve, index });
  const likeness = likenesses(embedded, sieve);
  const near = new NearIndex();
  const firing = windows(sieve.rows, sieve.grid);
  const tokensOf = ({ context, start, end }: Place) => cache.tokens(context).subarray(start, end);
  for (const i of strongestFirstOrder(firing).subarray(0, mostCompared)) near.add(tokensOf(firing[i]));
  const order = [...places.keys()].sort((a, b) => likeness[b] - likeness[a] || a - b);
  const chosen: Place[] = [];
  for (const i of order) {
    if (chosen.length === count) break;
    if (sieve.isSilent(places[i]) && !near.has(tokensOf(places[i])) && sieve.take(places[i])) {
      chosen.push(places[i]);
    }
  }
  return chosen;
}

function checkPool(
  { places, windowLength, name }: EmbeddedWindows,
  { sieve, index }: { sieve: NegativeSieve; index: number },
): void {
  const wanted = sieve.grid.windowLength;
  if (windowLength !== wanted) {
    throw new RangeError(
      `Cannot look for windows of ${wanted} tokens among those that "${name}" embedded: these have ${windowLength}; give embedWindows the same windowLength`,
    );
  }
  if (places.every((place) => sieve.isSilent(place))) {
    throw new RangeError(
      `Cannot find windows like those of latent ${index} among the ${places.length} that "${name}" embedded: it fires in none of them; give embedWindows the latent in { latents }`,
    );
  }
}

/** Of each window of the pool the summed likeness to those in which the latent fires. */
function likenesses({ places, vectors }: EmbeddedWindows, sieve: NegativeSieve): Float64Array {
  const sum = new Float32Array(vectors.shape[1]);
  places.forEach((place, i) => {
    if (!sieve.isSilent(place))
      row(vectors, i).forEach((value, d) => {
        sum[d] += value;
      });
  });
  return Float64Array.from(places, (_, i) => dot(sum, row(vectors, i)));
}
