import { describe, expect, it } from "vitest";
import { embedWindows } from "../../src/llm/embed-windows.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { row } from "../../src/tensor.js";
import { toyCache } from "../examples/toy-cache.js";
import { wordEmbedder } from "../score/made-judges.js";

const cache = await toyCache();
const latent = { hookpoint: "layers.0", index: 8 };
const quiet = { onProgress: false } as const;

describe("embedWindows()", () => {
  it("embeds as many windows as are asked for, each once, as their text", async () => {
    const { places, vectors, windowLength } = await embedWindows(cache, { count: 300, ...quiet });
    expect([places.length, vectors.shape, windowLength]).toEqual([300, [300, 1024], 32]);
    expect(new Set(places.map(({ context, start }) => `${context}:${start}`)).size).toBe(300);
    for (const i of [0, 255, 256, 299]) {
      const { context, start, end } = places[i];
      const text = cache.pieces(context).slice(start, end).join("");
      const { data } = await builtInEmbedder().embed([text]);
      expect(row(vectors, i)).toEqual(data);
    }
    const all = await embedWindows(cache, { count: 1e6, ...quiet });
    expect(all.places.length).toBe(cache.contextCount * 4);
  });

  it("adds windows in which latents fire that are given", async () => {
    const alone = await embedWindows(cache, { count: 0, latents: [latent], ...quiet });
    expect(alone.places.length).toBe(20);
    const { positions } = cache.read(latent.index);
    const fires = ({ context, start, end }: { context: number; start: number; end: number }) =>
      positions.some((p) => p >= context * 128 + start && p < context * 128 + end);
    expect(alone.places.every(fires)).toBe(true);
  });

  it("has a hash that tells seeds and embedders apart, and is the same for the same", async () => {
    const words = wordEmbedder(["a", "b"]);
    const [a, b, seed, embedder, server] = await Promise.all([
      embedWindows(cache, { count: 50, ...quiet }),
      embedWindows(cache, { count: 50, ...quiet }),
      embedWindows(cache, { count: 50, seed: 23, ...quiet }),
      embedWindows(cache, { count: 50, embedder: words, ...quiet }),
      embedWindows(cache, { count: 50, embedder: { ...words, settings: { server: "s" } }, ...quiet }),
    ]);
    expect(a).toEqual(b);
    expect(new Set([a.hash, seed.hash, embedder.hash, server.hash]).size).toBe(4);
    expect(embedder).toMatchObject({ name: "word counts", vectors: { shape: [50, 2] } });
  });

  it("refuses latents of another hookpoint, and stops where it is asked to", async () => {
    const other = { hookpoint: "layers.1", index: 8 };
    await expect(embedWindows(cache, { latents: [other], ...quiet })).rejects.toThrow(
      /Cannot embed windows of layers\.1:8: the cache ".*" is of layers\.0; give latents of that/,
    );
    const signal = AbortSignal.abort();
    await expect(embedWindows(cache, { count: 5, signal, ...quiet })).rejects.toThrow(/abort/i);
  });
});
