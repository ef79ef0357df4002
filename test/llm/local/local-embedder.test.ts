import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../../../src/errors.js";
import { localEmbedder } from "../../../src/llm/local/local-embedder.js";
import { decodeGraph, prefixModel } from "../../../src/model/onnx/graph.js";
import { row, type Tensor } from "../../../src/tensor.js";
import golden from "./fixtures/sentences/golden.json" with { type: "json" };

const fixture = join(import.meta.dirname, "fixtures", "sentences");
const texts = golden.map(({ text }) => text);

/** What `sentence_model.py` made of a sentence-transformers model, e.g. all-MiniLM-L6-v2. */
const sentenceModel = process.env.SAELAB_SENTENCE_MODEL;

function largestDifference(found: Tensor, wanted: readonly (readonly number[])[]): number {
  expect(found.shape).toEqual([wanted.length, wanted[0].length]);
  const numbers = wanted.flat();
  return found.data.reduce((most, x, i) => Math.max(most, Math.abs(x - numbers[i])), 0);
}

describe("localEmbedder()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-embedder-"));
    await cp(fixture, folder, { recursive: true });
    const graph = decodeGraph(await readFile(join(fixture, "model.onnx")));
    await writeFile(join(folder, "model.onnx"), prefixModel(graph, ["last_hidden_state"]));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("takes the graph's own sentence embedding, as PyTorch has it", async () => {
    const embedder = await localEmbedder(fixture, { threads: 1 });
    expect(embedder.name).toBe("sentences");
    expect(embedder.dimensions).toBe(32);
    const wanted = golden.map(({ mean }) => mean);
    expect(largestDifference(await embedder.embed(texts), wanted)).toBeLessThan(1e-5);
    await embedder.close();
  });

  it("pools tokens' vectors by mean, first or last, as PyTorch does, whatever is padded", async () => {
    for (const pooling of ["mean", "first", "last"] as const) {
      const embedder = await localEmbedder(folder, { threads: 1, pooling });
      const wanted = golden.map((entry) => entry[pooling]);
      expect(largestDifference(await embedder.embed(texts), wanted)).toBeLessThan(1e-5);
      expect(largestDifference(await embedder.embed(texts.slice(2)), wanted.slice(2))).toBeLessThan(1e-5);
      await embedder.close();
    }
  });

  it("pools as the model's folder says, and refuses what it does not know", async () => {
    const config = join(folder, "1_Pooling", "config.json");
    await writeFile(config, '{ "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false }');
    const embedder = await localEmbedder(folder, { threads: 1 });
    const wanted = golden.map(({ first }) => first);
    expect(largestDifference(await embedder.embed(texts), wanted)).toBeLessThan(1e-5);
    await embedder.close();
    await writeFile(config, '{ "pooling_mode_max_tokens": true }');
    await expect(localEmbedder(folder)).rejects.toThrow(/pooling_mode_max_tokens is set; one of /);
  });

  it("gives rows of length 1, in the order of the texts, and none for none", async () => {
    const embedder = await localEmbedder(fixture, { threads: 1 });
    const many = Array.from({ length: 100 }, (_, i) => texts[i % texts.length].repeat(1 + (i % 3)));
    const vectors = await embedder.embed(many);
    for (const i of many.keys()) {
      expect(row(vectors, i).reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
    }
    const alone = await embedder.embed([many[41]]);
    expect(largestDifference(alone, [[...row(vectors, 41)]])).toBeLessThan(1e-5);
    expect((await embedder.embed([])).shape).toEqual([0, 32]);
    await expect(embedder.embed(texts, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
    await embedder.close();
  });

  it("refuses a language model", async () => {
    const causal = join(import.meta.dirname, "fixtures", "causal");
    await expect(localEmbedder(causal)).rejects.toThrow(FileError);
    await expect(localEmbedder(causal)).rejects.toThrow(/it gives logits, .* last_hidden_state/);
  });
});

describe.skipIf(!sentenceModel)(
  "localEmbedder() over a real model (needs SAELAB_SENTENCE_MODEL, see sentence_model.py)",
  () => {
    it("equals sentence-transformers", async () => {
      const path = join(sentenceModel as string, "reference.json");
      const reference = JSON.parse(await readFile(path, "utf8")) as { text: string; embedding: number[] }[];
      const embedder = await localEmbedder(sentenceModel as string);
      const found = await embedder.embed(reference.map(({ text }) => text));
      expect(
        largestDifference(
          found,
          reference.map(({ embedding }) => embedding),
        ),
      ).toBeLessThan(1e-4);
      await embedder.close();
    });
  },
);
