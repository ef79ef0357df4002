import { createHash } from "node:crypto";
import type { Corpus } from "./corpus.js";

/** Of the demo world's splits, the one to look at latents on: neither trained nor validated on. */
const corpusSeed = "corpus";

/** Documents whose text stands for the generator in the corpus' hash. */
const fingerprintDocuments = 16;

/**
 * Documents of the demo world. Its hash covers their number and the text of the first sixteen, so that a
 * changed generator gives another hash and none needs to write the whole corpus to know it.
 *
 * @throws {RangeError} If `count` is not a whole number of at least 1.
 */
export async function demoCorpus(count = 2000): Promise<Corpus> {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot make ${count} documents of the demo world: give a whole number from 1`);
  }
  // The world parses its grammars when it is loaded: only those who ask for it wait for that.
  const { generateDocuments } = await import("../../demo/world/index.js");
  const hash = createHash("sha256").update(`demo ${count}\n`);
  for (const { text } of generateDocuments({ seed: corpusSeed, count: fingerprintDocuments }))
    hash.update(text);
  return {
    name: "demo",
    hash: hash.digest("hex"),
    async *documents() {
      for (const { text } of generateDocuments({ seed: corpusSeed, count })) yield text;
    },
  };
}
