import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { toyCoder, toyModel, toyTexts } from "../cache/toy-world.js";

/** A cache of the toy world in a folder that is removed when the test file ends. */
export async function toyCache(texts: string[] = toyTexts(400), contextLength = 128): Promise<LatentCache> {
  const directory = mkdtempSync(join(tmpdir(), "saelab-examples-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const input = { model: toyModel({ contextLength }), coder: toyCoder() };
  return cacheLatents(input, texts, { directory, onProgress: false });
}
