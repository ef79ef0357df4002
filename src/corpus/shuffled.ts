import { createHash } from "node:crypto";
import { seededRandom } from "../random.js";
import type { Corpus } from "./corpus.js";

export interface ShuffleOptions {
  seed: number | string;
  /** Documents in memory. Default: 10,000. */
  buffer?: number | undefined;
}

/**
 * A corpus in another order, the same for the same seed, with a bounded number of documents in memory: each document
 * leaves a full buffer from a random place, which the next one takes. A corpus that fits in the buffer is shuffled
 * uniformly; in a longer one, no document comes more than a buffer's length too early.
 *
 * @throws {RangeError} If `buffer` is not a whole number from 2.
 */
export function shuffled(corpus: Corpus, { seed, buffer = 10_000 }: ShuffleOptions): Corpus {
  if (!Number.isInteger(buffer) || buffer < 2) {
    throw new RangeError(`Cannot shuffle with a buffer of ${buffer} documents: give a whole number from 2`);
  }
  const hash = corpus.hash && createHash("sha256").update(`${corpus.hash}\nshuffle ${buffer} ${seed}`);
  return {
    name: corpus.name,
    hash: hash ? hash.digest("hex") : undefined,
    documents: () => shuffledDocuments(corpus.documents(), seed, buffer),
  };
}

async function* shuffledDocuments(
  documents: AsyncIterable<string>,
  seed: number | string,
  buffer: number,
): AsyncGenerator<string> {
  const random = seededRandom(seed).fork("documents");
  const waiting: string[] = [];
  for await (const document of documents) {
    if (waiting.length < buffer) {
      waiting.push(document);
      continue;
    }
    const place = random.integer(buffer);
    const next = waiting[place] as string;
    waiting[place] = document;
    yield next;
  }
  yield* random.shuffle(waiting);
}
