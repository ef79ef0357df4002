import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterAll, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { writeArrow } from "../../src/cache/write-arrow.js";
import { openCorpus } from "../../src/corpus/open-corpus.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-arrow-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;

test("writeArrow() writes every activation with its place as an Arrow file, and leaves nothing else behind", async () => {
  const input = { model: toyModel(), coder: toyCoder() };
  const cache = await cacheLatents(input, toyTexts(10), { directory: join(root, "cache"), ...quiet });
  const path = join(root, "out", "cache.arrow");
  await writeArrow(cache, path, quiet);
  expect(readdirSync(join(root, "out"))).toEqual(["cache.arrow"]);
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 6).toString()).toBe("ARROW1");
  expect(bytes.subarray(-6).toString()).toBe("ARROW1");
  const table = tableFromIPC(bytes);
  const column = (name: string) => [...(table.getChild(name)?.toArray() ?? [])];
  const rows = Array.from({ length: cache.dSae }, (_, latent) => {
    const { positions, activations } = cache.read(latent);
    return Array.from(positions, (at, i) => ({ latent, at, activation: activations[i] }));
  }).flat();
  expect(column("latent")).toEqual(rows.map(({ latent }) => latent));
  expect(column("context")).toEqual(rows.map(({ at }) => Math.floor(at / cache.contextLength)));
  expect(column("position")).toEqual(rows.map(({ at }) => at % cache.contextLength));
  expect(column("activation")).toEqual(rows.map(({ activation }) => activation));
  // Our own reader takes the layout for Arrow too: it misses a column of texts.
  const corpus = await openCorpus(path);
  await expect(corpus.documents()[Symbol.asyncIterator]().next()).rejects.toThrow(
    /its columns are latent, context, position, activation, and "text" is wanted/,
  );
});

test("writeArrow() keeps what was there when it cannot write or is stopped", async () => {
  const input = { model: toyModel(), coder: toyCoder() };
  const cache = await cacheLatents(input, toyTexts(10), { directory: join(root, "cache"), ...quiet });
  writeFileSync(join(root, "file"), "");
  await expect(writeArrow(cache, join(root, "file", "x.arrow"), quiet)).rejects.toThrow(
    /a part of the path is a file; choose another directory/,
  );
  const path = join(root, "kept.arrow");
  writeFileSync(path, "kept");
  const signal = AbortSignal.abort(new Error("stopped"));
  await expect(writeArrow(cache, path, { signal, ...quiet })).rejects.toThrow("stopped");
  expect(readFileSync(path, "utf8")).toBe("kept");
  expect(existsSync(`${path}.tmp`)).toBe(false);
});
