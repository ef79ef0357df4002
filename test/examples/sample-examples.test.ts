import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Window } from "../../src/examples/example.js";
import { type SampleExamplesOptions, sampleExamples } from "../../src/examples/sample-examples.js";
import { documentGroups } from "../../src/examples/split-documents.js";
import { embedWindows } from "../../src/llm/embed-windows.js";
import { toyActivation } from "../cache/toy-world.js";
import { toyCache } from "./toy-cache.js";

const cache = await toyCache();
const latent = (index: number) => ({ hookpoint: "layers.0", index });
const { map, groups } = documentGroups(cache);
const documents = (list: readonly Window[]) =>
  new Set(
    list.flatMap(({ context, start, tokens }) => {
      const place = { context, start, end: start + tokens.length };
      return map.of(place).map((document) => groups[document]);
    }),
  );
const texts = (list: readonly Window[]) => list.map(({ tokens }) => tokens.join(" "));
const shared = <T>(a: Iterable<T>, b: Iterable<T>) => [...a].filter((value) => new Set(b).has(value));

const strategies = ["quantiles", "values", "top", "random", "mixed"] as const;

/** Every number of a window as the toy world's rule gives it. */
function expectTrue(window: Window, index: number) {
  const all = cache.tokens(window.context);
  const ids = [...all.subarray(window.start, window.start + window.tokens.length)];
  const values = ids.map((id, i) => {
    const at = window.start + i;
    return Math.fround(toyActivation(index, id, at > 0 ? (all[at - 1] as number) : 0, at));
  });
  expect([...window.tokens]).toEqual(ids);
  expect([...window.activations]).toEqual(values);
  expect(window.start).toBeGreaterThan(0);
  expect(window.pieces.join("")).toBe(
    cache
      .pieces(window.context)
      .slice(window.start, window.start + window.tokens.length)
      .join(""),
  );
}

describe("sampleExamples()", () => {
  test("gives the paper's numbers: 40 train, 100 test, 4 and 10 of each tenth, as many silent", () => {
    const examples = sampleExamples(cache, latent(7));
    const counts = (list: readonly { quantile: number }[]) =>
      Array.from({ length: 10 }, (_, q) => list.filter(({ quantile }) => quantile === q).length);
    expect(counts(examples.train)).toEqual(Array(10).fill(4));
    expect(counts(examples.test)).toEqual(Array(10).fill(10));
    expect(examples.nonActivating.length).toBe(100);
    expect(examples.windowLength).toBe(32);
    expect(examples.maxActivation).toBe(cache.stats(7).max);
    expect(examples.density).toBe(cache.stats(7).density);
  });

  test("takes a third of the silent windows from latents that fire with it, and a third with its tokens", () => {
    const given = (index: number, options: SampleExamplesOptions = {}) =>
      sampleExamples(cache, latent(index), { train: 10, test: 12, minWindows: 1, ...options }).nonActivating;
    const kindsOf = (windows: readonly Window[]) =>
      windows.map((window) => ("kind" in window ? window.kind : "random"));
    const count = (kinds: readonly unknown[], kind: string) => kinds.filter((one) => one === kind).length;
    const kinds = kindsOf(given(7));
    expect(["random", "co-active", "same-token"].map((kind) => count(kinds, kind))).toEqual([4, 4, 4]);
    expect(new Set(kindsOf(given(7, { negatives: ["random"] })))).toEqual(new Set(["random"]));
    // Latent 3 fires on every "~", of which there are none; latent 1 on every "e": none is silent.
    for (const { index } of cache.live().filter(({ index }) => cache.stats(index).windows > 40)) {
      const [plain, hard] = [given(index, { negatives: ["random"] }), given(index)];
      expect(hard.length, `latent ${index}`).toBe(plain.length);
    }
    expect(count(kindsOf(given(1)), "same-token")).toBe(0);
    // Of a latent with few silent windows the harder kinds leave some for chance.
    const dense = kindsOf(given(1, { windowLength: 64 }));
    expect(dense.length).toBeLessThan(12);
    expect(count(dense, "random")).toBeGreaterThanOrEqual(dense.length / 3);
  });

  test("gives windows as they stand in the cache", () => {
    const { train, test: tested, nonActivating } = sampleExamples(cache, latent(7));
    for (const window of [...train, ...tested, ...nonActivating]) expectTrue(window, 7);
    for (const { activations, peak } of [...train, ...tested]) expect(Math.max(...activations)).toBe(peak);
    for (const { activations } of nonActivating) expect(Math.max(...activations)).toBe(0);
  });

  test("cuts ranks into slices: every peak of a quantile is at least those of the next", () => {
    const { train, test: tested } = sampleExamples(cache, latent(7));
    const all = [...train, ...tested];
    for (let q = 1; q < 10; q++) {
      const [above, here] = [q - 1, q].map((n) =>
        all.filter(({ quantile }) => quantile === n).map(({ peak }) => peak),
      );
      expect(Math.min(...(above ?? []))).toBeGreaterThanOrEqual(Math.max(...(here ?? [])));
    }
    expect(train.map(({ peak }) => peak)).toEqual(train.map(({ peak }) => peak).sort((a, b) => b - a));
  });

  test("never puts a document or a window's tokens in both train and test, or twice in one", () => {
    fc.assert(
      fc.property(
        fc.record({
          index: fc.integer({ min: 1, max: 31 }),
          seed: fc.nat(),
          train: fc.integer({ min: 1, max: 60 }),
          test: fc.integer({ min: 1, max: 60 }),
          quantiles: fc.integer({ min: 1, max: 12 }),
          windowLength: fc.constantFrom(4, 8, 32, 50, 128),
          select: fc.constantFrom(0, 5, 20),
          contrast: fc.constantFrom(0, 5, 20),
          trainSampling: fc.constantFrom(...strategies),
          placement: fc.constantFrom("tiles" as const, "centred" as const),
        }),
        ({ index, ...options }) => {
          fc.pre(cache.stats(index).count > 500);
          const found = sampleExamples(cache, latent(index), { ...options, minWindows: 1 });
          expect(shared(documents(found.train), documents(found.test))).toEqual([]);
          const { contrast = [], select = [], selectNonActivating = [] } = found;
          const forExplainers = [...found.train, ...contrast];
          const forChoice = [...select, ...selectNonActivating];
          const forScorers = [...found.test, ...found.nonActivating];
          for (const [a, b] of [
            [forExplainers, forChoice],
            [forExplainers, forScorers],
            [forChoice, forScorers],
          ])
            expect(shared(documents(a), documents(b))).toEqual([]);
          const firing = [...found.train, ...select, ...found.test];
          const silent = [...selectNonActivating, ...found.nonActivating];
          const keys = texts([...firing, ...silent]);
          expect(new Set(keys).size).toBe(keys.length);
          expect(shared(texts(contrast), texts(firing))).toEqual([]);
          expect(contrast.length).toBeLessThanOrEqual(options.contrast);
          expect(found.train.length).toBeLessThanOrEqual(options.train);
          expect(found.test.length).toBeLessThanOrEqual(options.test);
          expect(found.nonActivating.length).toBeLessThanOrEqual(options.test);
          for (const window of [...firing, ...silent, ...contrast]) expectTrue(window, index);
          for (const { activations } of [...silent, ...contrast]) expect(Math.max(...activations)).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("gives the same examples and hash for the same options, others for another seed", () => {
    const [a, b, c] = [22, 22, 23].map((seed) => sampleExamples(cache, latent(7), { seed }));
    expect(a).toEqual(b);
    expect(a?.hash).not.toBe(c?.hash);
    expect(texts(a?.test ?? [])).not.toEqual(texts(c?.test ?? []));
  });

  test("takes the strongest of the train side for `top`", () => {
    const top = sampleExamples(cache, latent(7), { trainSampling: "top" }).train;
    const others = sampleExamples(cache, latent(7), { trainSampling: "random", train: 40 }).train;
    expect(Math.min(...top.map(({ peak }) => peak))).toBeGreaterThanOrEqual(
      Math.max(...others.map(({ peak }) => peak)) - 4,
    );
    expect(top.every(({ quantile }) => quantile < 3)).toBe(true);
  });

  test("takes as many of each slice of peak activation for `values`", () => {
    const sample = { windowLength: 8, quantiles: 4, minWindows: 1 };
    const { train } = sampleExamples(cache, latent(21), { ...sample, trainSampling: "values" });
    const all = sampleExamples(cache, latent(21), { ...sample, trainSampling: "top", train: 5000 }).train;
    const strongest = train[0].peak;
    const slices = [0, 1, 2, 3].map((slice) =>
      train.filter(({ peak }) => Math.floor(4 * (1 - peak / strongest)) === slice),
    );
    expect(slices.map(({ length }) => length)).toEqual([10, 10, 10, 10]);
    // The rank slice is told as it is, whatever the slices by value.
    const ranks = [0, 1, 2, 3].map((q) =>
      all.filter(({ quantile }) => quantile === q).map(({ peak }) => peak),
    );
    for (const { peak, quantile } of train) {
      expect(peak).toBeGreaterThanOrEqual(Math.min(...ranks[quantile]));
      expect(peak).toBeLessThanOrEqual(Math.max(...ranks[quantile]));
    }
  });

  test("takes a fifth of the strongest and the others by quantile for `mixed`, all that were asked for", () => {
    const mixed = sampleExamples(cache, latent(7), { trainSampling: "mixed" }).train;
    const top = sampleExamples(cache, latent(7), { trainSampling: "top" }).train;
    expect(mixed.length).toBe(40);
    expect(texts(mixed.slice(0, 8))).toEqual(texts(top.slice(0, 8)));
    const counts = Array.from(
      { length: 10 },
      (_, q) => mixed.filter(({ quantile }) => quantile === q).length,
    );
    expect(counts.slice(2)).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  });

  test("gives silent windows to contrast with where asked for, those with the latent's own tokens first", () => {
    // Toy latent 7 fires on a byte after certain others: its tokens stand elsewhere, too.
    const { contrast = [], ...others } = sampleExamples(cache, latent(7), { contrast: 20 });
    expect(contrast.map(({ kind }) => kind)).toEqual(Array(20).fill("same-token"));
    for (const { tokens, token = -1 } of contrast) expect([...tokens]).toContain(token);
    const plain = sampleExamples(cache, latent(7));
    expect([others.train, others.test]).toEqual([plain.train, plain.test]);
    expect(others.hash).not.toBe(plain.hash);
  });

  test("gives scorers an equal share of each kind of negative that is asked for, of test documents", async () => {
    const embedded = await embedWindows(cache, { latents: [latent(7)], onProgress: false });
    const negatives = ["random", "co-active", "same-token", "embedding-neighbour"] as const;
    const found = sampleExamples(cache, latent(7), { test: 40, negatives, embedded });
    const plain = sampleExamples(cache, latent(7), { test: 40 });
    const kindOf = (window: Window) => ("kind" in window ? window.kind : "random");
    const counts = negatives.map((kind) => found.nonActivating.filter((w) => kindOf(w) === kind).length);
    expect(counts).toEqual([10, 10, 10, 10]);
    expect([found.train, found.test]).toEqual([plain.train, plain.test]);
    expect(found.hash).not.toBe(plain.hash);
    expect(new Set(texts(found.nonActivating)).size).toBe(40);
    expect(shared(documents(found.nonActivating), documents(found.train))).toEqual([]);
    for (const window of found.nonActivating) expectTrue(window, 7);

    const contrastKinds = ["embedding-neighbour"] as const;
    const { contrast = [], test: tested } = sampleExamples(cache, latent(7), {
      contrast: 10,
      contrastKinds,
      embedded,
    });
    expect(contrast.map(({ kind }) => kind)).toEqual(Array(10).fill("embedding-neighbour"));
    expect(shared(documents(contrast), documents(tested))).toEqual([]);
  });

  test("makes up with random windows for a kind that a latent has none of", () => {
    const { nonActivating } = sampleExamples(cache, latent(1), {
      windowLength: 4,
      minWindows: 1,
      negatives: ["random", "same-token"],
    });
    expect(nonActivating.filter((window) => "kind" in window)).toEqual([]);
    expect(nonActivating.length).toBe(100);
  });

  test("collapses windows of equal tokens", async () => {
    const phrase = "e".padStart(128, "abcdefgh").slice(0, 127);
    const repeated = await toyCache(Array(50).fill(phrase));
    expect(() => sampleExamples(repeated, latent(1), { train: 1, test: 1 })).toThrow(
      /it fires in [1-4] distinct windows/,
    );
  });

  test("fills up with silent windows of firing contexts where a latent fires in nearly every context", () => {
    const { nonActivating, train } = sampleExamples(cache, latent(1), { windowLength: 4, minWindows: 1 });
    expect(nonActivating.length).toBe(100);
    expect(shared(documents(nonActivating), documents(train))).toEqual([]);
    expect(sampleExamples(cache, latent(2), { minWindows: 1 }).nonActivating).toEqual([]);
  });

  test("refuses latents that never or hardly fire, other hookpoints and senseless numbers", () => {
    expect(() => sampleExamples(cache, latent(0))).toThrow(
      /layers\.0:0: it never fires in \d+ tokens; choose one of cache\.live\(\)/,
    );
    expect(() => sampleExamples(cache, latent(7), { minWindows: 1e6 })).toThrow(
      /fires in \d+ distinct windows, and 1000000 are wanted; cache more text, ask for fewer examples or lower minWindows/,
    );
    expect(() => sampleExamples(cache, { hookpoint: "layers.1", index: 7 })).toThrow(
      /open the cache of layers\.1/,
    );
    expect(() => sampleExamples(cache, latent(99))).toThrow(/it has latents 0 to 31/);
    expect(() => sampleExamples(cache, latent(7), { train: 0 })).toThrow(
      /with train 0: give a whole number from 1/,
    );
    expect(() => sampleExamples(cache, latent(7), { windowLength: 200 })).toThrow(
      /the contexts of .* have 128/,
    );
  });
});
