import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { latentTraits } from "../../src/examples/latent-traits.js";
import { topTokens } from "../../src/examples/top-tokens.js";
import type { Tensor } from "../../src/tensor.js";
import { toyCoder, toyModel, toyTexts } from "../cache/toy-world.js";
import { toyCache } from "./toy-cache.js";

const cache = await toyCache();

/** Latent 0 fires at the first 16 positions of a context, latent 1 on "e" after "h", latent 2 never. */
const rules = [
  (_id: number, _before: number, position: number) => (position < 16 ? 1 : 0),
  (id: number, before: number) => (id === 1 + 101 && before === 1 + 104 ? 2 : 0),
  () => 0,
];
const coder = {
  ...toyCoder({ dSae: 3, hash: "rules" }),
  async encode({ data }: Tensor) {
    const [positions, latents, values]: number[][] = [[], [], []];
    for (let i = 0; i < data.length / 4; i++) {
      rules.forEach((rule, latent) => {
        const value = rule(data[4 * i], data[4 * i + 1], data[4 * i + 2]);
        if (value === 0) return;
        positions.push(i);
        latents.push(latent);
        values.push(value);
      });
    }
    const shape: [number, number] = [data.length / 4, 3];
    return {
      shape,
      positions: Uint32Array.from(positions),
      latents: Uint32Array.from(latents),
      values: Float32Array.from(values),
    };
  },
};
const directory = mkdtempSync(join(tmpdir(), "saelab-traits-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const ruled = await cacheLatents({ model: toyModel({ contextLength: 128 }), coder }, toyTexts(300), {
  directory,
  onProgress: false,
});

describe("topTokens()", () => {
  test("adds up activations by token: a count over the whole corpus agrees", () => {
    const sums = new Map<number, number>();
    const { positions, activations } = cache.read(7);
    positions.forEach((position, i) => {
      const token = cache.tokens(Math.floor(position / 128))[position % 128];
      sums.set(token, (sums.get(token) ?? 0) + activations[i]);
    });
    const all = topTokens(cache, 7);
    expect(all.length).toBe(sums.size);
    expect(all.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const { token, share } of all) {
      expect(share).toBeCloseTo((sums.get(token) ?? 0) / cache.stats(7).sum, 6);
    }
    expect(all.map(({ share }) => share)).toEqual(all.map(({ share }) => share).sort((a, b) => b - a));
    const half = topTokens(cache, 7, { share: 0.5 });
    expect(half).toEqual(all.slice(0, half.length));
    const covered = (n: number) => all.slice(0, n).reduce((sum, { share }) => sum + share, 0);
    expect(covered(half.length)).toBeGreaterThanOrEqual(0.5);
    expect(covered(half.length - 1)).toBeLessThan(0.5);
    expect(topTokens(ruled, 2)).toEqual([]);
  });
});

describe("latentTraits()", () => {
  test("knows a latent that is its token: it fires on every one", () => {
    const traits = latentTraits(cache, 1);
    expect(traits).toMatchObject({ unigram: true, positional: false, firingShare: 1 });
    expect(traits.tokens.map(({ piece }) => piece)).toEqual(["e"]);
  });

  test("knows a latent that needs context: it fires on its token after another one only", () => {
    const traits = latentTraits(ruled, 1);
    expect(traits.tokens.map(({ piece, share }) => [piece, share])).toEqual([["e", 1]]);
    expect(traits.firingShare).toBeLessThan(0.5);
    expect(traits.positional).toBe(false);
  });

  test("knows a positional latent", () => {
    const traits = latentTraits(ruled, 0, { mostTokens: 5 });
    // It fires at 15 of the 127 positions that count.
    const share = 15 / 127;
    expect(traits.positionInformation).toBeCloseTo(
      -share * Math.log(share) - (1 - share) * Math.log(1 - share),
      9,
    );
    expect(traits).toMatchObject({ positional: true, unigram: false });
    expect(latentTraits(cache, 2)).toMatchObject({ positional: false, positionInformation: 0 });
  });

  test("refuses a latent that never fires", () => {
    expect(() => latentTraits(ruled, 2)).toThrow(
      /Cannot tell the traits of latent 2: it never fires in \d+ tokens/,
    );
  });
});
