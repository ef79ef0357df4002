import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "saelab-many-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;

/** Three coders of different widths at one hookpoint. */
function coders(): SparseCoder[] {
  return [8, 32, 20].map((dSae) => ({ ...toyCoder({ dSae, hash: `toy-${dSae}` }), name: `toy/${dSae}` }));
}

/** All files of a cache, byte for byte. */
function content({ directory }: LatentCache) {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "hex")]),
  );
}

async function oneByOne(texts: string[]): Promise<LatentCache[]> {
  const caches: LatentCache[] = [];
  for (const [i, coder] of coders().entries()) {
    const directory = join(root, `single-${i}`);
    caches.push(await cacheLatents({ model: toyModel(), coder }, texts, { directory, ...quiet }));
  }
  return caches;
}

describe("cacheLatents() with several coders", () => {
  test("gives each the files that it would get alone, and runs the model once", async () => {
    let contexts = 0;
    const model = toyModel({
      onBatch: ({ shape }) => {
        contexts += shape[0] as number;
      },
    });
    const directory = join(root, "together");
    const texts = toyTexts(60);
    const caches = await cacheLatents({ model, coders: coders() }, texts, {
      directory,
      tokensPerRun: 700,
      ...quiet,
    });
    expect(caches.map(({ dSae }) => dSae)).toEqual([8, 32, 20]);
    expect(contexts).toBe(caches[0]?.contextCount);
    expect(readdirSync(directory).sort()).toEqual(["toy-20", "toy-32", "toy-8"]);
    expect(caches.map(content)).toEqual((await oneByOne(texts)).map(content));
    const inodes = caches.map((cache) => statSync(join(cache.directory, cache.manifest.tokensFile)).ino);
    expect(new Set(inodes).size).toBe(1);
  });

  test("goes on after a failure wherever each coder stands", async () => {
    let batches = 0;
    const model = toyModel({ onBatch: () => void batches++ });
    const directory = join(root, "together");
    const texts = toyTexts(80);
    const broken = coders();
    let encoded = 0;
    const second = broken[1] as SparseCoder;
    broken[1] = {
      ...second,
      encode: (activations) => {
        if (++encoded === 3) throw new Error("out of memory");
        return second.encode(activations);
      },
    };
    const options = { directory, ...quiet };
    await expect(cacheLatents({ model, coders: broken }, texts, options)).rejects.toThrow("out of memory");
    // The first coder has three batches, the others two: they catch up in one.
    batches = 0;
    const caches = await cacheLatents({ model, coders: coders() }, texts, options);
    expect(batches).toBe(Math.ceil((caches[0]?.contextCount ?? 0) / 16) - 2);
    expect(caches.map(content)).toEqual((await oneByOne(texts)).map(content));
  });

  test("computes only what is missing, with the tokens of what is there", async () => {
    const directory = join(root, "together");
    const [a, b, c] = coders() as [SparseCoder, SparseCoder, SparseCoder];
    const stream = () => new Set(toyTexts(40));
    const options = { directory, ...quiet };
    const [first] = await cacheLatents({ model: toyModel(), coders: [a] }, stream(), options);
    const seen: SparseCoder[] = [];
    const watched = { ...a, encode: () => Promise.reject(new Error("asked again")) };
    seen.push(watched, b, c);
    const caches = await cacheLatents({ model: toyModel(), coders: seen }, stream(), options);
    expect(caches.map(({ contextCount }) => contextCount)).toEqual(Array(3).fill(first?.contextCount));
    await expect(
      cacheLatents({ model: toyModel(), coders: [a, b] }, new Set(toyTexts(40, 2)), options),
    ).rejects.toThrow(/holds a cache of another stream/);
  });

  test("refuses none, and one twice, before it makes anything", async () => {
    const directory = join(root, "never");
    const call = (list: SparseCoder[]) =>
      cacheLatents({ model: toyModel(), coders: list }, toyTexts(5), { directory, ...quiet });
    await expect(call([])).rejects.toThrow("Cannot cache the latents of no coder: give at least one");
    const [coder] = coders() as [SparseCoder];
    await expect(call([coder, coder])).rejects.toThrow(/both would go to ".*toy-8"; give each of them once/);
    expect(existsSync(directory)).toBe(false);
  });
});

describe("cacheLatents() with f16", () => {
  test("rounds activations, counts what it clamps, and takes fewer bytes", async () => {
    const input = { model: toyModel(), coder: toyCoder() };
    const texts = toyTexts(60);
    const exact = await cacheLatents(input, texts, { directory: join(root, "f32"), ...quiet });
    const half = await cacheLatents(input, texts, {
      directory: join(root, "f16"),
      precision: "f16",
      ...quiet,
    });
    expect(half.hash).not.toBe(exact.hash);
    expect(half.manifest.clamped).toBe(0);
    for (let latent = 0; latent < half.dSae; latent++) {
      const [a, b] = [exact.read(latent), half.read(latent)];
      expect(b.positions).toEqual(a.positions);
      a.activations.forEach((value, i) => {
        expect(Math.abs((b.activations[i] as number) / value - 1)).toBeLessThanOrEqual(2 ** -11);
      });
      expect(half.stats(latent).max).toBe(Math.max(0, ...b.activations));
      expect(half.stats(latent).windows).toBe(exact.stats(latent).windows);
    }
    const large = await cacheLatents(
      { model: toyModel(), coder: toyCoder({ damage: { latent: 5, value: 1e6 } }) },
      texts,
      { directory: join(root, "large"), precision: "f16", ...quiet },
    );
    expect(large.manifest.clamped).toBe(large.positionCount);
    expect(large.stats(5).max).toBe(65_504);
  });

  test("does not take a cache of the other precision for its own", async () => {
    const directory = join(root, "cache");
    const input = { model: toyModel(), coder: toyCoder() };
    await cacheLatents(input, toyTexts(5), { directory, ...quiet });
    await expect(cacheLatents(input, toyTexts(5), { directory, precision: "f16", ...quiet })).rejects.toThrow(
      /differs in precision/,
    );
  });
});
