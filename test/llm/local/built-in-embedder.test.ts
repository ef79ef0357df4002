import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInEmbedder } from "../../../src/llm/local/built-in-embedder.js";
import { row, type Tensor } from "../../../src/tensor.js";

const embedder = builtInEmbedder();

function cosine(vectors: Tensor, i: number, j: number): number {
  const other = row(vectors, j);
  return row(vectors, i).reduce((sum, x, k) => sum + x * other[k], 0);
}

describe("builtInEmbedder()", () => {
  it("gives rows of length 1 for any text with something in it, the same each time", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 8 }), async (texts) => {
        const vectors = await embedder.embed(texts);
        expect(vectors.shape).toEqual([texts.length, 1024]);
        for (const [i, one] of texts.entries()) {
          const [alone, length] = [await embedder.embed([one]), cosine(vectors, i, i)];
          expect(row(alone, 0)).toEqual(row(vectors, i));
          expect(Math.abs(length - 1) < 1e-5 || length === 0).toBe(true);
          if (/\p{L}/u.test(one)) expect(length).toBeGreaterThan(0.9);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("puts texts that share words, parts of words or classes nearer than others", async () => {
    const vectors = await embedder.embed([
      "The farmer walked to the market.",
      "A farmer was walking over the markets.",
      "const total = items.length;",
      "words about animals",
      "A dog and a horse stood by the gate.",
      "the word “gate”",
    ]);
    expect(cosine(vectors, 0, 1)).toBeGreaterThan(cosine(vectors, 0, 2) + 0.2);
    expect(cosine(vectors, 3, 4)).toBeGreaterThan(cosine(vectors, 3, 0) + 0.1);
    expect(cosine(vectors, 5, 4)).toBeGreaterThan(cosine(vectors, 5, 0) + 0.1);
  });

  it("gives zeros for a text with nothing in it, and stops when asked to", async () => {
    expect((await embedder.embed([" "])).data.every((x) => x === 0)).toBe(true);
    await expect(embedder.embed(["a"], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  });
});
