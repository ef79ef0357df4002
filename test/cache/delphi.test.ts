import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { delphiRanges, hookpointOfModule } from "../../src/cache/delphi-layout.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { openDelphiCache } from "../../src/cache/open-delphi-cache.js";
import { writeDelphiCache } from "../../src/cache/write-delphi-cache.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { encodeSafetensors, type TensorToStore } from "../../src/formats/safetensors.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { byteTokenizer, toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-delphi-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;

describe.skipIf(!hasRealData)(`delphi's own cache ${needsRealData}`, () => {
  const folder = realData("delphi", "latents", "layers.2");
  let cache: LatentCache;
  beforeAll(async () => {
    const tokenizer = await loadTokenizer(realData("stories260k"));
    cache = await openDelphiCache(folder, { tokenizer, directory: join(root, "real"), ...quiet });
  });

  test("is opened with its tokens, every row, and its firing counts", async () => {
    expect(cache).toMatchObject({ hookpoint: "layers.2", dSae: 1024, contextCount: 384, contextLength: 128 });
    expect(cache.manifest).toMatchObject({ rows: 786_432, clamped: 0 });
    const counts = decodeNpy(await readFileBytes(realData("delphi", "firing_counts.npy"))).data;
    expect(Array.from({ length: 1024 }, (_, latent) => cache.stats(latent).count)).toEqual([...counts]);
  });

  test("has the shares of latents that delphi counts", () => {
    const statistics = JSON.parse(readFileSync(realData("delphi", "cache_statistics.json"), "utf8"));
    const shareAbove = (density: number) =>
      Array.from({ length: 1024 }, (_, latent) => cache.stats(latent)).filter(
        (stats) => stats.density > density,
      ).length / 1024;
    expect([0, 0.01, 0.1].map(shareAbove)).toEqual([
      statistics.frac_alive,
      statistics.frac_fired_1pct,
      statistics.frac_fired_10pct,
    ]);
  });

  test("is written again byte for byte", async () => {
    const copy = join(root, "copy", "layers.2");
    await writeDelphiCache(cache, copy, { splits: 3, ...quiet });
    expect(readdirSync(copy).sort()).toEqual(readdirSync(folder).sort());
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(copy, name)).equals(readFileSync(join(folder, name))), name).toBe(true);
    }
  });

  test("gives examples in words", async () => {
    const [latent] = cache.sample(1, { minCount: 2000 });
    const examples = await sampleExamples(cache, latent ?? { hookpoint: "layers.2", index: 0 });
    expect(examples.train.length).toBeGreaterThan(0);
    expect(cache.pieces(0).join("")).toMatch(/^<s>[ A-Za-z.,'"!?\n-]+$/);
  });
});

describe("openDelphiCache() and writeDelphiCache()", () => {
  async function toyCache(name: string): Promise<LatentCache> {
    const input = { model: toyModel(), coder: toyCoder() };
    return cacheLatents(input, toyTexts(30), { directory: join(root, name), precision: "f16", ...quiet });
  }

  test("give back what a cache of our own holds, latents that never fire included", async () => {
    const cache = await toyCache("own");
    for (const splits of [1, 5, 32]) {
      const folder = join(root, `splits-${splits}`, "layers.0");
      await writeDelphiCache(cache, folder, { splits, ...quiet });
      expect(readdirSync(folder).length).toBe(splits + 1);
      const opened = await openDelphiCache(folder, {
        tokenizer: byteTokenizer(),
        directory: join(root, `opened-${splits}`),
        ...quiet,
      });
      for (let latent = 0; latent < cache.dSae; latent++) {
        expect(opened.read(latent)).toEqual(cache.read(latent));
        const { density: _, ...stats } = cache.stats(latent);
        expect(opened.stats(latent)).toMatchObject(stats);
      }
      expect(opened.tokens(1)).toEqual(cache.tokens(1));
      expect(opened.pieces(1)).toEqual(cache.pieces(1));
    }
  });

  test("leave out activations of 1e-5 and less, as delphi does", async () => {
    const coder = toyCoder({ damage: { latent: 5, value: 1e-5 } });
    const directory = join(root, "weak");
    const cache = await cacheLatents({ model: toyModel(), coder }, toyTexts(5), { directory, ...quiet });
    const folder = join(root, "weak-delphi", "layers.0");
    await writeDelphiCache(cache, folder, quiet);
    const tokenizer = byteTokenizer();
    const opened = await openDelphiCache(folder, { tokenizer, directory: join(root, "weak-2"), ...quiet });
    expect(cache.stats(5).count).toBeGreaterThan(0);
    expect(opened.stats(5).count).toBe(0);
    expect(opened.stats(7).count).toBe(cache.stats(7).count);
  });

  test("open a second time without grouping again, and not in place of another cache", async () => {
    const cache = await toyCache("again");
    const folder = join(root, "again-delphi", "layers.0");
    await writeDelphiCache(cache, folder, quiet);
    const options = { tokenizer: byteTokenizer(), directory: join(root, "again-index"), ...quiet };
    const { hash } = await openDelphiCache(folder, options);
    expect((await openDelphiCache(folder, options)).hash).toBe(hash);
    await expect(openDelphiCache(folder, { ...options, directory: cache.directory })).rejects.toThrow(
      /holds a cache of "toy\/layers.0" on "texts" that differs in model, coder/,
    );
  });

  test("keep the index beside delphi's folder, and read delphi's files again only when they have changed", async () => {
    const results = join(root, "results");
    const folder = join(results, "latents", "layers.0");
    const cache = await toyCache("beside");
    await writeDelphiCache(cache, folder, { splits: 1, ...quiet });
    const shard = join(folder, "0_31.safetensors");
    const time = new Date("2026-01-01");
    utimesSync(shard, time, time);
    const options = { tokenizer: byteTokenizer(), ...quiet };
    const opened = await openDelphiCache(folder, options);
    expect(opened.directory).toBe(join(results, "saelab", "layers.0"));
    expect(readdirSync(folder)).toEqual(["0_31.safetensors", "config.json"]);
    writeFileSync(shard, new Uint8Array(statSync(shard).size));
    utimesSync(shard, time, time);
    expect((await openDelphiCache(folder, options)).read(7)).toEqual(cache.read(7));
    const other = { ...options, tokenizer: byteTokenizer({ bos: false }) };
    await expect(openDelphiCache(folder, other)).rejects.toThrow(/Cannot read ".*0_31\.safetensors"/);
    utimesSync(shard, time, new Date("2026-01-02"));
    await expect(openDelphiCache(folder, options)).rejects.toThrow(/Cannot read ".*0_31\.safetensors"/);
  });

  test("put the index into the cache of the user where nothing can be written beside", async () => {
    const folder = join(root, "read-only", "latents", "layers.0");
    const cache = await toyCache("fixed");
    await writeDelphiCache(cache, folder, quiet);
    writeFileSync(join(root, "read-only", "saelab"), "a file where the folder should be");
    process.env.SAELAB_CACHE = join(root, "user");
    try {
      const opened = await openDelphiCache(folder, { tokenizer: byteTokenizer(), ...quiet });
      expect(dirname(opened.directory)).toBe(join(root, "user"));
      expect(opened.read(7)).toEqual(cache.read(7));
    } finally {
      delete process.env.SAELAB_CACHE;
    }
  });

  test("know the older names of hookpoints", () => {
    expect(
      [
        ".model.layers.10",
        ".gpt_neox.layers.3.mlp",
        ".transformer.h.0",
        "layers.5.self_attn",
        "layers.7.post_feedforward_layernorm",
        "layers.2",
      ].map(hookpointOfModule),
    ).toEqual(["layers.10", "layers.3.mlp", "layers.0", "layers.5.attention", "layers.7.mlp", "layers.2"]);
  });

  test("divide latents as torch.linspace does", () => {
    expect(delphiRanges(1024, 3).map(({ first, last }) => `${first}_${last}`)).toEqual([
      "0_340",
      "341_681",
      "682_1023",
    ]);
    for (const [dSae, count] of [
      [32_768, 5],
      [131_072, 7],
      [20, 20],
    ] as const) {
      const ranges = delphiRanges(dSae, count);
      expect(ranges[0]?.first).toBe(0);
      expect(ranges.at(-1)?.last).toBe(dSae - 1);
      ranges.slice(1).forEach(({ first }, i) => {
        expect(first).toBe((ranges[i]?.last ?? 0) + 1);
      });
    }
  });
});

describe("openDelphiCache()", () => {
  const i64 = (shape: number[], ...numbers: number[]): TensorToStore => ({
    data: BigInt64Array.from(numbers, BigInt),
    shape,
  });
  const f32 = (...numbers: number[]): TensorToStore => ({
    data: Float32Array.from(numbers),
    shape: [numbers.length],
  });
  const good = {
    tokens: i64([2, 3], 0, 98, 99, 0, 100, 101),
    locations: i64([4, 3], 0, 1, 0, 0, 2, 4, 1, 0, 0, 1, 2, 0),
    activations: f32(2, -1, Number.POSITIVE_INFINITY, 0.5),
  };
  let made = 0;
  function open(tensors: Record<string, TensorToStore>, name = "10_14.safetensors") {
    const folder = join(root, `made-${++made}`, "layers.1");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), encodeSafetensors(tensors));
    return openDelphiCache(folder, {
      tokenizer: byteTokenizer(),
      directory: join(root, `index-${made}`),
      ...quiet,
    });
  }

  test("reads wider types, drops what is not above 0, and counts what it clamps", async () => {
    const cache = await open(good);
    expect(cache).toMatchObject({ hookpoint: "layers.1", dSae: 15 });
    expect([...cache.read(10).positions]).toEqual([1, 3, 5]);
    expect([...cache.read(10).activations]).toEqual([2, 65_504, 0.5]);
    expect(cache.manifest).toMatchObject({ rows: 3, clamped: 1 });
    expect(cache.read(14).positions.length + cache.read(3).positions.length).toBe(0);
  });

  test("refuses folders and files that are not delphi's, in one sentence", async () => {
    const { tokens: _, ...tokenless } = good;
    await expect(open(tokenless)).rejects.toThrow(/it has no tokens; let delphi cache again/);
    await expect(open({ ...good, tokens: i64([2, 3], 0, 1, 2, 3, 4, 999) })).rejects.toThrow(
      /it has token 999, and the tokenizer has 0 to 256/,
    );
    await expect(open({ ...good, activations: f32(1, 2) })).rejects.toThrow(/do not fit together/);
    await expect(open({ ...good, activations: f32(1, Number.NaN, 1, 1) })).rejects.toThrow(
      /row 1 is at .* with NaN/,
    );
    await expect(
      open({ ...good, locations: i64([4, 3], 0, 1, 0, 0, 2, 5, 1, 0, 0, 1, 2, 0) }),
    ).rejects.toThrow(/row 1 is at \[0, 2, 5\] of \[2, 3, 5\]/);
    await expect(
      open({ ...good, locations: i64([4, 3], 1, 2, 0, 0, 2, 4, 1, 0, 0, 0, 1, 0) }),
    ).rejects.toThrow(/the rows of its latent 0 are not in order/);
    await expect(open(good, "latents.safetensors")).rejects.toThrow(/no files like "0_1023\.safetensors"/);
    const folder = join(root, "twice");
    mkdirSync(folder);
    writeFileSync(join(folder, "0_9.safetensors"), encodeSafetensors(good));
    copyFileSync(join(folder, "0_9.safetensors"), join(folder, "5_14.safetensors"));
    const tokenizer = byteTokenizer();
    await expect(openDelphiCache(folder, { tokenizer })).rejects.toThrow(/latents that another file has/);
    await expect(openDelphiCache(join(root, "none"), { tokenizer })).rejects.toThrow(
      /there is no such folder/,
    );
  });
});
