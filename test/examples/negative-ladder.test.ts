import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Window } from "../../src/examples/example.js";
import { measureLeak } from "../../src/examples/leak.js";
import { type NegativeKind, negativeKinds, negativeLadder } from "../../src/examples/negative-ladder.js";
import type { Place } from "../../src/examples/read-window.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { documentGroups } from "../../src/examples/split-documents.js";
import { topTokens } from "../../src/examples/top-tokens.js";
import { tokenKeys } from "../../src/examples/window-order.js";
import { windows } from "../../src/examples/windows.js";
import { embedWindows } from "../../src/llm/embed-windows.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { seededRandom } from "../../src/random.js";
import { dot } from "../../src/stats/dot.js";
import { row } from "../../src/tensor.js";
import { toyActivation } from "../cache/toy-world.js";
import { toyCache } from "./toy-cache.js";

const cache = await toyCache();
const random = seededRandom("directions");
const direction = () => Float32Array.from({ length: 8 }, () => random.random() - 0.5);
const [decoder, encoder] = [0, 1].map(() => Array.from({ length: 32 }, direction));
const coder = {
  name: "toy",
  dSae: 32,
  decoderRow: (index: number) => decoder[index],
  encoderRow: (index: number) => encoder[index],
};
const latent = (index: number) => ({ hookpoint: "layers.0", index });
const live = Array.from({ length: 32 }, (_, index) => latent(index));
const embedded = await embedWindows(cache, { latents: live, onProgress: false });
const { map, groups } = documentGroups(cache);

function leakWindow({ context, start, tokens }: Window) {
  const [first, last] = map.of({ context, start, end: start + tokens.length });
  return { tokens, documents: [groups[first], groups[last]] };
}

/** The latent's activations on a window by the toy world's rule. */
function activationsOf(index: number, { context, start, tokens }: Window): number[] {
  const all = cache.tokens(context);
  return [...tokens].map((id, i) =>
    Math.fround(toyActivation(index, id, start + i > 0 ? all[start + i - 1] : 0, start + i)),
  );
}

function isSilent(index: number, { context, start, end }: Place): boolean {
  const ids = cache.tokens(context);
  return ids.subarray(start, end).every((id, i) => {
    return toyActivation(index, id, start + i > 0 ? ids[start + i - 1] : 0, start + i) === 0;
  });
}

/** Mean cosine of windows with given vectors. */
function meanLikeness(vectors: readonly Float32Array[]) {
  return async (list: readonly Window[]) => {
    const found = await builtInEmbedder().embed(list.map(({ pieces }) => pieces.join("")));
    return list.map((_, i) => {
      return vectors.reduce((sum, vector) => sum + dot(vector, row(found, i)), 0) / vectors.length;
    });
  };
}

describe("negativeLadder()", () => {
  test("gives silent windows only, each tokens once, from documents that nobody saw", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 4, max: 31 }), (seed, index) => {
        fc.pre(cache.stats(index).count > 500);
        const examples = sampleExamples(cache, latent(index), { seed, select: 10, train: 20, minWindows: 1 });
        const negatives = negativeLadder(cache, examples, { seed, coder, embedded, count: 20 });
        expect(new Set(negatives.map(({ tokens }) => tokens.join(" "))).size).toBe(negatives.length);
        for (const window of negatives) {
          expect(Math.max(...activationsOf(index, window))).toBe(0);
          expect(Math.max(...window.activations)).toBe(0);
          expect(window.tokens.length).toBeGreaterThanOrEqual(31);
        }
        const seen = [...examples.train, ...(examples.select ?? [])].map(leakWindow);
        const leak = measureLeak(seen, negatives.map(leakWindow));
        expect(leak).toMatchObject({ equal: 0, near: 0, documents: 0 });
      }),
      { numRuns: 20 },
    );
  });

  test("says of every window why it is hard", () => {
    const examples = sampleExamples(cache, latent(7));
    const negatives = negativeLadder(cache, examples, { coder, embedded, count: 10 });
    const of = (kind: NegativeKind) => negatives.filter((window) => window.kind === kind);
    expect([...new Set(negatives.map(({ kind }) => kind))]).toEqual([...negativeKinds]);
    expect(of("random").length).toBe(10);
    const tokens = topTokens(cache, 7, { share: 0.8 }).map(({ token }) => token);
    for (const window of of("same-token")) {
      expect(tokens).toContain(window.token);
      expect([...window.tokens]).toContain(window.token);
    }
    for (const kind of ["co-active", "encoder-neighbour", "decoder-neighbour"] as const) {
      for (const window of of(kind)) {
        const { index = -1, activations } = window.other ?? {};
        expect([...(activations ?? [])]).toEqual(activationsOf(index, window));
        expect(Math.max(...(activations ?? []))).toBeGreaterThan(0);
      }
    }
    expect(negativeLadder(cache, examples, { coder, embedded, count: 10 })).toEqual(negatives);
  });

  test("gives the windows likest, to the embedder, to those where the latent fires, and none that nearly equals one", async () => {
    const examples = sampleExamples(cache, latent(8), { windowLength: 16, minWindows: 1 });
    const pool = await embedWindows(cache, { latents: [latent(8)], windowLength: 16, onProgress: false });
    const kinds = ["embedding-neighbour", "random"] as const;
    const negatives = negativeLadder(cache, examples, { embedded: pool, kinds });
    const [nearest, others] = kinds.map((kind) => negatives.filter((window) => window.kind === kind));
    expect([nearest.length, others.length]).toEqual([50, 50]);

    const grid = { windowLength: 16, contextLength: cache.contextLength, firstPosition: cache.firstPosition };
    const firing = windows(cache.read(8), grid);
    const read = firing.map(({ context, start, end }) => cache.tokens(context).slice(start, end));
    expect(
      measureLeak(
        read.map((tokens) => ({ tokens })),
        nearest,
      ).near,
    ).toBe(0);

    const keys = new Set(tokenKeys(cache, firing));
    const inPool = pool.places.flatMap((place, i) => (keys.has(tokenKeys(cache, [place])[0]) ? [i] : []));
    const likeness = meanLikeness(inPool.map((i) => row(pool.vectors, i)));
    const [near, random] = [await likeness(nearest), await likeness(others)];
    expect(near).toEqual([...near].sort((a, b) => b - a));
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(Math.min(...near)).toBeGreaterThan(mean(random));
  });

  test("leaves out what there is none of, and neighbours by direction where there is no coder", () => {
    const examples = sampleExamples(cache, latent(1), { windowLength: 4, minWindows: 1 });
    const negatives = negativeLadder(cache, examples, { kinds: ["same-token"] });
    expect(negatives).toEqual([]);
    const kinds = negativeLadder(cache, sampleExamples(cache, latent(7))).map(({ kind }) => kind);
    expect([...new Set(kinds)]).toEqual(["random", "co-active", "same-token"]);
    expect(() => negativeLadder(cache, examples, { kinds: ["decoder-neighbour"] })).toThrow(
      'Cannot find negatives of kind "decoder-neighbour" for latent 1: give the coder',
    );
    const nearest = { kinds: ["embedding-neighbour"] } as const;
    expect(() => negativeLadder(cache, examples, nearest)).toThrow(
      'Cannot find negatives of kind "embedding-neighbour" for latent 1: give embedWindows(cache) as { embedded }',
    );
    expect(() => negativeLadder(cache, examples, { ...nearest, embedded })).toThrow(
      /Cannot look for windows of 4 tokens among those that "words and word classes \(embedded\)" embedded: these have 32/,
    );
  });

  test("says which latent is missing where the pool holds no window in which it fires", async () => {
    const pool = await embedWindows(cache, { count: 1, onProgress: false });
    const absent = live.find(
      ({ index }) => cache.stats(index).count > 500 && isSilent(index, pool.places[0]),
    );
    if (!absent) throw new Error("every latent fires in the one window");
    const examples = sampleExamples(cache, absent, { minWindows: 1 });
    expect(() => negativeLadder(cache, examples, { embedded: pool })).toThrow(
      `Cannot find windows like those of latent ${absent.index} among the 1 that "words and word classes (embedded)" embedded: it fires in none of them; give embedWindows the latent in { latents }`,
    );
  });
});
