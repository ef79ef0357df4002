import { mkdtempSync, readSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

/** The real calls, counted. */
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, readSync: vi.fn(fs.readSync) };
});

const root = mkdtempSync(join(tmpdir(), "saelab-reads-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a cache is opened without its rows, and a latent is read by two reads of its own rows alone", async () => {
  const directory = join(root, "cache");
  const input = { model: toyModel(), coder: toyCoder() };
  (await cacheLatents(input, toyTexts(60), { directory, onProgress: false })).close();
  const reads = vi.mocked(readSync);
  reads.mockClear();
  const cache = LatentCache.open(directory);
  expect(reads).not.toHaveBeenCalled();
  for (const latent of [2, 7, 31]) {
    reads.mockClear();
    const { positions } = cache.read(latent);
    expect(positions.length).toBeGreaterThan(10);
    expect(reads.mock.results.length).toBe(2);
    const bytes = reads.mock.results.map(({ value }) => value as number);
    expect(bytes[0]).toBeLessThanOrEqual(5 * positions.length);
    expect(bytes[1]).toBe(4 * positions.length);
  }
  // A file that is cut while it is open.
  truncateSync(join(directory, "activations.f32"), 100);
  expect(() => cache.read(31)).toThrow(
    /Cannot read ".*activations\.f32": it ends at byte \d+, and \d+ are wanted; delete its folder and cache again/,
  );
});
