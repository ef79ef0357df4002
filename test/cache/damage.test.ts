import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CacheOptions, cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { isSaelabError } from "../../src/errors.js";
import { type Random, seededRandom } from "../../src/random.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-damage-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;
const mutations = Number(process.env.SAELAB_MUTATIONS ?? 10_000);

/** Cut short, made longer, or bytes replaced; numbers in JSON by others. */
function damaged(good: Uint8Array, random: Random): Uint8Array {
  const kind = random.integer(8);
  if (kind === 0) return good.subarray(0, random.integer(good.length));
  if (kind === 1) return Buffer.concat([good, good.subarray(0, 1 + random.integer(40))]);
  const bytes = Buffer.from(good);
  if (kind < 5 || bytes.length === 0 || bytes[0] !== 0x7b) {
    for (let k = random.integer(5); k >= 0 && bytes.length > 0; k--) {
      bytes[random.integer(bytes.length)] = random.integer(256);
    }
    return bytes;
  }
  const values = ["-1", "0", "1e300", "4294967296", "null", '"x"', "[]", "{}", "true", "1.5"];
  const places = [
    ...bytes.toString("latin1").matchAll(/(?<=[:,[])("[^"]*"|[-\d.]+|null|true|false)(?=[,\]}])/g),
  ];
  const { index, 0: found } = random.pick(places);
  const value = Buffer.from(random.pick(values));
  return Buffer.concat([bytes.subarray(0, index), value, bytes.subarray(index + found.length)]);
}

/** Reads everything; what it gives makes sense. */
function readThrough(directory: string): void {
  const cache = LatentCache.open(directory);
  try {
    for (let latent = 0; latent < cache.dSae; latent++) {
      const { positions, activations } = cache.read(latent);
      expect(positions.length).toBe(cache.stats(latent).count);
      if (positions.length > 0) expect(positions.at(-1)).toBeLessThan(cache.tokenCount);
      expect(activations.every((activation) => activation > 0 && Number.isFinite(activation))).toBe(true);
    }
    for (const context of [0, cache.contextCount - 1])
      expect(cache.pieces(context).length).toBe(cache.contextLength);
    cache.coverage();
  } finally {
    cache.close();
  }
}

describe("LatentCache with damaged files", () => {
  const directory = join(root, "cache");
  let good: Map<string, Buffer>;
  beforeAll(async () => {
    const input = { model: toyModel(), coder: toyCoder({ dSae: 8 }) };
    await cacheLatents(input, toyTexts(2), { directory, precision: "f16", ...quiet });
    good = new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
  });

  test(`throws a FileError or reads what makes sense, in ${mutations} mutations`, {
    timeout: 300_000,
  }, async () => {
    const random = seededRandom("damage");
    const names = [...good.keys()];
    let refused = 0;
    for (let i = 0; i < mutations; i++) {
      // Half of the mutations go to the manifest and the table of pieces: there is most to get wrong.
      const name = i % 2 === 0 ? random.pick(["manifest.json", "pieces.json"]) : random.pick(names);
      const path = join(directory, name);
      const original = good.get(name) as Buffer;
      writeFileSync(path, damaged(original, random));
      try {
        readThrough(directory);
      } catch (error) {
        refused++;
        if (!isSaelabError(error, "FileError")) throw new Error(`mutation ${i} of ${name}`, { cause: error });
        expect(error.message).toMatch(/^Cannot [^\n]+[^.]$/);
      }
      writeFileSync(path, original);
    }
    readThrough(directory);
    expect(refused).toBeGreaterThan(mutations / 3);
  });
});

describe("cacheLatents() on a damaged unfinished cache", () => {
  const begun = join(root, "begun");
  const options = (directory: string): CacheOptions => ({ directory, tokensPerRun: 256, ...quiet });
  const texts = toyTexts(8);
  const coder = toyCoder({ dSae: 8 });
  let wanted: Map<string, string>;
  beforeAll(async () => {
    const whole = join(root, "whole");
    await cacheLatents({ model: toyModel(), coder }, texts, options(whole));
    wanted = new Map(readdirSync(whole).map((name) => [name, readFileSync(join(whole, name), "hex")]));
    let batches = 0;
    const model = toyModel({
      onBatch: () => {
        if (++batches === 3) throw new Error("stop");
      },
    });
    await expect(cacheLatents({ model, coder }, texts, options(begun))).rejects.toThrow("stop");
  });

  const count = Math.ceil(mutations / 50);
  test(`throws a FileError or ends with the right files, in ${count} mutations`, {
    timeout: 300_000,
  }, async () => {
    const random = seededRandom("damage");
    const files = [
      "plan.json",
      "contexts.json",
      ...readdirSync(join(begun, "runs")).map((name) => `runs/${name}`),
    ];
    expect(files.length).toBe(4);
    for (let i = 0; i < count; i++) {
      const directory = join(root, "copy");
      cpSync(begun, directory, { recursive: true });
      const name = random.pick(files);
      writeFileSync(join(directory, name), damaged(readFileSync(join(begun, name)), random));
      try {
        const cache = await cacheLatents({ model: toyModel(), coder }, texts, options(directory));
        cache.close();
        if (name !== "contexts.json") {
          for (const [file, content] of wanted) {
            expect(
              readFileSync(join(directory, file), "hex") === content,
              `${file} after ${i} in ${name}`,
            ).toBe(true);
          }
        }
      } catch (error) {
        if (!isSaelabError(error, "FileError")) throw error;
      }
      expect(existsSync(join(directory, "lock"))).toBe(false);
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
