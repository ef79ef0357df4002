import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { jupyterDisplay, type MimeBundle } from "../../src/display.js";
import { isSaelabError } from "../../src/errors.js";
import { byteTokenizer, toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-open-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function make(name: string): Promise<LatentCache> {
  const input = { model: toyModel(), coder: toyCoder() };
  return cacheLatents(input, toyTexts(60), { directory: join(root, name), onProgress: false });
}

describe("LatentCache", () => {
  let cache: LatentCache;
  beforeAll(async () => {
    cache = await make("cache");
  });

  test("opens without model or coder, in under 50 ms", () => {
    const start = performance.now();
    const opened = LatentCache.open(cache.directory);
    expect(performance.now() - start).toBeLessThan(50);
    expect(opened).toMatchObject({
      hookpoint: "layers.0",
      dSae: 32,
      contextLength: 64,
      contextCount: cache.contextCount,
      tokenCount: 64 * cache.contextCount,
      positionCount: 63 * cache.contextCount,
      hash: cache.hash,
    });
    expect(opened.read(7)).toEqual(cache.read(7));
  });

  test("gives tokens and pieces; characters of several bytes stand whole on their last token", () => {
    const texts = Array.from({ length: cache.contextCount }, (_, context) =>
      cache.pieces(context).slice(1).join(""),
    );
    const { tokens, bytes } = { tokens: cache.tokens(0), bytes: byteTokenizer() };
    expect(cache.pieces(0)).toEqual(bytes.pieces(tokens));
    expect(texts.join("")).toContain("naïve café");
    const context = texts.findIndex((text) => text.includes("Zürich"));
    const at = cache.pieces(context).indexOf("ü");
    expect(cache.pieces(context).slice(at - 2, at + 2)).toEqual(["Z", "", "ü", "r"]);
  });

  test("says where documents begin", () => {
    const { documents, contextLength } = cache;
    expect(documents[0]).toBe(1);
    const start = documents[1] as number;
    const text = cache
      .pieces(Math.floor(start / contextLength))
      .slice(start % contextLength)
      .join("");
    expect(text.startsWith(toyTexts(2)[1]?.slice(0, 5) as string)).toBe(true);
  });

  test("lists and samples latents that fire often enough", () => {
    const live = cache.live().map(({ index }) => index);
    expect(live).not.toContain(0);
    expect(live).toContain(2);
    const often = cache.live({ minCount: 200 });
    expect(often.every(({ index }) => cache.stats(index).count >= 200)).toBe(true);
    const sample = cache.sample(5);
    expect(sample).toEqual(cache.sample(5));
    expect(sample).not.toEqual(cache.sample(5, { seed: 23 }));
    expect(new Set(sample.map(({ index }) => index)).size).toBe(5);
    expect(often).toEqual(expect.arrayContaining(sample));
    expect(cache.sample(1000).length).toBe(often.length);
    expect(() => cache.sample(5, { minCount: 1e6 })).toThrow(
      /none of 32 fires at 1000000 positions or more, the most frequent fires at \d+; cache more text or lower minCount/,
    );
  });

  test("counts latents that never or rarely fire", () => {
    const coverage = cache.coverage({ minCount: 300 });
    const counts = Array.from({ length: 32 }, (_, index) => cache.stats(index).count);
    expect(coverage).toEqual({
      latents: 32,
      tokens: cache.tokenCount,
      minCount: 300,
      neverFired: counts.filter((count) => count === 0).length,
      belowMinCount: counts.filter((count) => count < 300).length,
      shareNeverFired: counts.filter((count) => count === 0).length / 32,
      shareBelowMinCount: counts.filter((count) => count < 300).length / 32,
    });
  });

  test("shows itself as a table in text and HTML", () => {
    const bundle = Reflect.get(cache, jupyterDisplay)() as MimeBundle;
    expect(bundle["text/plain"]).toMatch(
      /^hookpoint +layers\.0\ncoder +toy\/layers\.0 \(toy\)\nmodel +toy\n/,
    );
    expect(bundle["text/html"]).toContain("<td>layers.0</td>");
    expect(JSON.stringify(Object.keys(cache))).not.toContain("display");
  });

  test("refuses latents and contexts that do not exist", () => {
    for (const index of [-1, 32, 1.5]) expect(() => cache.read(index)).toThrow(/it has latents 0 to 31/);
    expect(() => cache.tokens(cache.contextCount)).toThrow(/it has contexts 0 to/);
  });

  test("can be closed and read again", () => {
    const before = cache.read(7);
    cache.close();
    expect(cache.read(7)).toEqual(before);
  });

  test("finds a changed byte when asked to verify", async () => {
    const changed = await make("changed");
    await changed.verify();
    const path = join(changed.directory, "activations.f32");
    const bytes = readFileSync(path);
    bytes[1000] = (bytes[1000] as number) ^ 1;
    writeFileSync(path, bytes);
    await expect(LatentCache.open(changed.directory).verify()).rejects.toThrow(
      /activations\.f32": its content has changed since it was written; delete its folder/,
    );
  });

  test("refuses missing, damaged and foreign folders in one sentence", async () => {
    expect(() => LatentCache.open(join(root, "none"))).toThrow(/there is no manifest\.json in it/);
    const { directory } = await make("damaged");
    const manifest = join(directory, "manifest.json");
    truncateSync(join(directory, "positions.varint"), 100);
    expect(() => LatentCache.open(directory)).toThrow(
      /its file "positions\.varint" has 100 bytes, and \d+ bytes are wanted; delete the folder/,
    );
    rmSync(join(directory, "positions.varint"));
    expect(() => LatentCache.open(directory)).toThrow(/its file "positions\.varint" is missing/);
    writeFileSync(manifest, readFileSync(manifest, "utf8").slice(0, 50));
    expect(() => LatentCache.open(directory)).toThrow(/it is not JSON/);
    writeFileSync(manifest, '{"format": "zarr", "version": 3}');
    expect(() => LatentCache.open(directory)).toThrow(/it says format "zarr", version 3/);
    expect(
      isSaelabError(
        catching(() => LatentCache.open(directory)),
        "FileError",
      ),
    ).toBe(true);
  });
});

function catching(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
