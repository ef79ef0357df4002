import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { loadModel } from "../../src/model/load-model.js";
import { knownModel, lentModel } from "../../src/run/null-run-model.js";

/** As much of a cache as is looked at. */
function cacheOf(name: string, hash: string): LatentCache {
  return { manifest: { identity: { model: { name, hash } } } } as LatentCache;
}

afterEach(() => vi.unstubAllEnvs());

describe("the model that null runs are made with", () => {
  it("is loaded once by its name, and closed at the end; one that is given is not", async () => {
    const given = await loadModel("demo");
    const lent = lentModel(cacheOf("demo", given.hash), undefined);
    const first = await lent.open();
    expect(first).not.toBe(given);
    expect(await lent.open()).toBe(first);
    await lent.close();
    expect(await lentModel(cacheOf("other", "0"), given).open()).toBe(given);
    await given.close();
  });

  it("is not taken where it has changed, nor fetched where it is gone", async () => {
    const empty = mkdtempSync(join(tmpdir(), "saelab-no-hub-"));
    vi.stubEnv("HF_HUB_CACHE", empty);
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    await expect(lentModel(cacheOf("hf:some/model", "0"), undefined).open()).rejects.toThrow(
      'the model "hf:some/model" is not on this machine; load it and give it as nulls.model',
    );
    const changed = lentModel(cacheOf("demo", "0"), undefined);
    await expect(changed.open()).rejects.toThrow(
      'the model "demo" is not the one that the cache was made with any more',
    );
    await changed.close();
    rmSync(empty, { recursive: true });
  });

  it("is unknown of a folder, of which a cache keeps the name only", () => {
    expect(knownModel(cacheOf("my-export", "0"), undefined)).toBeUndefined();
    expect(knownModel(cacheOf("hf:some/model", "0"), undefined)).toBe("hf:some/model");
  });
});
