import { describe, expect, test } from "vitest";
import { openCorpus } from "../../src/corpus/open-corpus.js";
import { packContexts } from "../../src/corpus/pack-contexts.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const golden = async (name: string) => decodeNpy(await readFileBytes(realData("golden", `${name}.npy`)));

describe.skipIf(!hasRealData)(`packContexts() on TinyStories ${needsRealData}`, () => {
  test("gives the 2,843 reference sequences", async () => {
    const tokenizer = await loadTokenizer(realData("stories260k"));
    const corpus = await openCorpus(realData("text", "tinystories.jsonl"));
    const [tokens, index] = [await golden("tokens"), await golden("sequence_index")];
    const order = Array.from(index.data as Int32Array);
    let count = 0;
    for await (const context of packContexts(tokenizer, corpus.documents(), { contextLength: 128 })) {
      const i = order.indexOf(count++);
      const reference = (tokens.data as Int32Array).subarray(128 * i, 128 * (i + 1));
      if (i >= 0) expect([...context.tokens]).toEqual([...reference]);
    }
    expect(count).toBe(2843);
  });
});
