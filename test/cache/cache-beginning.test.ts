import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheBeginning } from "../../src/cache/cache-beginning.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { modelOf } from "../../src/cache/cache-model.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { randomCoder } from "../../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";

const root = mkdtempSync(join(tmpdir(), "saelab-beginning-"));
const texts = [...generateDocuments({ seed: "beginning", count: 60 })].map(({ text }) => text);
const quiet = { onProgress: false } as const;
let model: SubjectModel;
let coder: SparseCoder;
let other: SparseCoder;
let cache: LatentCache;

beforeAll(async () => {
  [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.0")]);
  other = randomCoder(model, "layers.1", { dSae: 64, k: 4 });
  cache = await cacheLatents({ model, coder }, texts, { ...quiet, directory: join(root, "whole") });
}, 60_000);

afterAll(async () => {
  await Promise.all([model?.close(), coder?.close(), other?.close()]);
  rmSync(root, { recursive: true, force: true });
});

describe("cacheBeginning()", () => {
  it("is what caching so many tokens of the same corpus gives, without the corpus", async () => {
    const contexts = 20;
    const options = { ...quiet, directory: join(root, "first"), contexts };
    const first = await cacheBeginning(cache, { model, coder: other }, options);
    const maxTokens = contexts * cache.contextLength;
    const same = await cacheLatents({ model, coder: other }, texts, {
      ...{ ...quiet, maxTokens, directory: join(root, "same") },
    });
    expect(first.hash).toBe(same.hash);
    expect(first.manifest.files).toEqual(same.manifest.files);
    expect(first.tokens(19)).toEqual(cache.tokens(19));
    expect(first.pieces(3)).toEqual(cache.pieces(3));
    // A second call opens what is there, and refuses what is something else.
    expect((await cacheBeginning(cache, { model, coder: other }, options)).hash).toBe(first.hash);
    await expect(cacheBeginning(cache, { model, coder }, options)).rejects.toThrow("differs in coder");
  }, 60_000);

  it("goes on where it was stopped", async () => {
    const stop = new AbortController();
    const options = { directory: join(root, "stopped"), contexts: 40 };
    const stopped = cacheBeginning(
      cache,
      { model, coder: other },
      {
        ...options,
        signal: stop.signal,
        onProgress: () => stop.abort(),
      },
    );
    await expect(stopped).rejects.toThrow(/stopped|abort/i);
    const whole = await cacheBeginning(cache, { model, coder: other }, { ...quiet, ...options });
    expect(whole.contextCount).toBe(40);
  }, 60_000);

  it("refuses a model of another tokenizer", async () => {
    const tokenizer = { ...model.tokenizer, hash: "other" };
    const changed = { ...model, name: "changed", hookpoints: model.hookpoints, tokenizer } as SubjectModel;
    const options = { ...quiet, directory: join(root, "wrong"), contexts: 2 };
    await expect(cacheBeginning(cache, { model: changed, coder: other }, options)).rejects.toThrow(
      'Cannot run "changed" on the tokens of',
    );
  });
});

describe("modelOf()", () => {
  it("is known of a cache that was made, not of one that was opened", () => {
    expect(modelOf(cache)).toBe(model);
    expect(modelOf(LatentCache.open(cache.directory))).toBeUndefined();
  });
});
