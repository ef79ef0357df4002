import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Window } from "../../src/examples/example.js";
import { measureLeak } from "../../src/examples/leak.js";
import { type NegativeKind, negativeKinds, negativeLadder } from "../../src/examples/negative-ladder.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { documentGroups } from "../../src/examples/split-documents.js";
import { topTokens } from "../../src/examples/top-tokens.js";
import { seededRandom } from "../../src/random.js";
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

describe("negativeLadder()", () => {
  test("gives silent windows only, each tokens once, from documents that nobody saw", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 4, max: 31 }), (seed, index) => {
        fc.pre(cache.stats(index).count > 500);
        const examples = sampleExamples(cache, latent(index), { seed, select: 10, train: 20, minWindows: 1 });
        const negatives = negativeLadder(cache, examples, { seed, coder, count: 20 });
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
    const negatives = negativeLadder(cache, examples, { coder });
    const of = (kind: NegativeKind) => negatives.filter((window) => window.kind === kind);
    expect([...new Set(negatives.map(({ kind }) => kind))]).toEqual([...negativeKinds]);
    expect(of("random").length).toBe(50);
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
    expect(negativeLadder(cache, examples, { coder })).toEqual(negatives);
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
  });
});
