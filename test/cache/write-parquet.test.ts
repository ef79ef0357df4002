import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { writeParquet } from "../../src/cache/write-parquet.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-parquet-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("writeParquet() writes every activation with its place, and leaves nothing else behind", async () => {
  const directory = join(root, "cache");
  const input = { model: toyModel(), coder: toyCoder() };
  const cache = await cacheLatents(input, toyTexts(10), { directory, onProgress: false });
  const path = join(root, "out", "cache.parquet");
  await writeParquet(cache, path, { onProgress: false });
  expect(readdirSync(join(root, "out"))).toEqual(["cache.parquet"]);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  const wanted = Array.from({ length: cache.dSae }, (_, latent) => {
    const { positions, activations } = cache.read(latent);
    return Array.from(positions, (at, i) => ({
      latent,
      context: Math.floor(at / cache.contextLength),
      position: at % cache.contextLength,
      activation: activations[i],
    }));
  });
  expect(rows).toEqual(wanted.flat());
  writeFileSync(join(root, "file"), "");
  const refused = writeParquet(cache, join(root, "file", "x.parquet"), { onProgress: false });
  await expect(refused).rejects.toThrow(/a part of the path is a file; choose another directory/);
  expect(existsSync(join(root, "file", "x.parquet"))).toBe(false);
});
