import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-query-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const hasDuckDb = await import("@duckdb/node-api").then(
  () => true,
  () => false,
);

let cache: LatentCache;
beforeAll(async () => {
  const input = { model: toyModel(), coder: toyCoder() };
  cache = await cacheLatents(input, toyTexts(10), { directory: join(root, "it's"), onProgress: false });
});

describe.skipIf(!hasDuckDb)("LatentCache.query() (needs @duckdb/node-api)", () => {
  test("gives each activation with its place, token and text", async () => {
    const rows = await cache.query("SELECT * FROM activations WHERE latent = 7 ORDER BY context, position");
    const { positions, activations } = cache.read(7);
    const wanted = Array.from(positions, (at, i) => {
      const [context, position] = [Math.floor(at / cache.contextLength), at % cache.contextLength];
      return {
        ...{ latent: 7, context, position },
        token: cache.tokens(context)[position],
        text: cache.pieces(context)[position],
        activation: activations[i],
      };
    });
    expect(rows).toEqual(wanted);
    expect(rows.length).toBeGreaterThan(10);
  });

  test("counts, joins, and knows latents that never fire", async () => {
    const [row] = await cache.query("SELECT count(*) AS n, sum(activation) AS s FROM activations");
    expect(row?.n).toBe(cache.manifest.rows);
    const latents = await cache.query("SELECT * FROM latents ORDER BY latent");
    expect(latents).toEqual(
      Array.from({ length: cache.dSae }, (_, latent) => ({ latent, ...cache.stats(latent) })),
    );
    const [{ text } = {}] = await cache.query(
      "SELECT string_agg(text, '' ORDER BY position) AS text FROM tokens WHERE context = 1",
    );
    expect(text).toBe(cache.pieces(1).join(""));
  });

  test("writes its tables once, where it is told", async () => {
    const directory = join(root, "tables");
    const times = () => {
      const [folder = ""] = readdirSync(directory);
      return readdirSync(join(directory, folder)).map((name) => [
        name,
        statSync(join(directory, folder, name)).mtimeMs,
      ]);
    };
    await cache.query("SELECT 1", { directory });
    const before = times();
    expect(before.map(([name]) => name)).toEqual([
      "activations.parquet",
      "latents.parquet",
      "tokens.parquet",
    ]);
    await cache.query("SELECT 1", { directory });
    expect(times()).toEqual(before);
  });

  test("is of what an unfinished cache has so far, whose tables go when it is finished", async () => {
    const directory = join(root, "unfinished");
    const controller = new AbortController();
    const call = (signal?: AbortSignal) => {
      const model = toyModel({ onBatch: () => controller.abort() });
      return cacheLatents({ model, coder: toyCoder() }, toyTexts(60), {
        directory,
        signal,
        onProgress: false,
      });
    };
    await expect(call(controller.signal)).rejects.toThrow(/Stopped/);
    const part = LatentCache.open(directory, { unfinished: true });
    const count = "SELECT count(*) AS n FROM activations";
    expect(await part.query(count)).toEqual([{ n: part.manifest.rows }]);
    const whole = await call();
    expect(readdirSync(directory)).not.toContain("sql");
    expect(whole.manifest.rows).toBeGreaterThan(part.manifest.rows);
    expect(await whole.query(count)).toEqual([{ n: whole.manifest.rows }]);
  });

  test("says what is wrong with a query", async () => {
    await expect(cache.query("SELECT nothing FROM latents")).rejects.toThrow(
      /^Cannot query ".*" with "SELECT nothing FROM latents": Binder Error: .*nothing.*; there are the views activations \(latent, /,
    );
  });
});

test("LatentCache.query() says what to install where DuckDB is not", async () => {
  vi.doMock("@duckdb/node-api", () => {
    throw new Error("Cannot find package");
  });
  await expect(cache.query("SELECT 1")).rejects.toThrow(
    /Cannot query ".*": DuckDB is not installed; run "npm install @duckdb\/node-api" and call again/,
  );
  vi.doUnmock("@duckdb/node-api");
});
