import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { jupyterDisplay, type MimeBundle } from "../../src/display.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-unfinished-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;
const texts = toyTexts(150);

/** What the finished cache has of the contexts that `part` has. */
function expectBeginning(part: LatentCache, whole: LatentCache): void {
  for (let latent = 0; latent < whole.dSae; latent++) {
    const { positions, activations } = whole.read(latent);
    const count = positions.filter((position) => position < part.tokenCount).length;
    expect(part.read(latent)).toEqual({
      positions: positions.slice(0, count),
      activations: activations.slice(0, count),
    });
    expect(part.stats(latent).count).toBe(count);
  }
  expect(part.documents).toEqual(whole.documents.filter((start) => start < part.tokenCount));
  expect(part.pieces(part.contextCount - 1)).toEqual(whole.pieces(part.contextCount - 1));
}

/** A cache that was stopped before the batch `stopAt` (16 contexts each). */
async function stopped(name: string, stopAt: number): Promise<string> {
  const controller = new AbortController();
  let batches = 0;
  const model = toyModel({ onBatch: () => void (++batches === stopAt && controller.abort()) });
  const directory = join(root, name);
  const options = { directory, tokensPerRun: 1024, signal: controller.signal, ...quiet };
  await expect(cacheLatents({ model, coder: toyCoder() }, texts, options)).rejects.toThrow(/Stopped/);
  return directory;
}

describe("LatentCache.open() of an unfinished cache", () => {
  test("reads what another process has finished so far, and disturbs nothing", async () => {
    const directory = join(root, "running");
    const arguments_ = ["--import", "tsx", "test/cache/fill-cache.ts", directory, join(root, "log")];
    const child = spawn(process.execPath, arguments_, { stdio: "inherit" });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const parts: LatentCache[] = [];
    while (parts.length < 3) {
      await setTimeout(20);
      try {
        parts.push(LatentCache.open(directory, { unfinished: true }));
      } catch (error) {
        expect((error as Error).message).toMatch(/it has no finished run yet/);
      }
    }
    expect(parts[0]?.contextCount).toBeLessThan(parts[0]?.plannedContextCount as number);
    expect(await exited).toBe(0);
    const whole = LatentCache.open(directory);
    // Also after the runs were grouped and deleted.
    for (const part of parts) expectBeginning(part, whole);
    for (const part of parts) part.close();
    expect(() => parts[0]?.read(0)).toThrow(/is closed; open it again/);
  });

  test("is a cache like any other: statistics, coverage, examples, display", async () => {
    const part = LatentCache.open(await stopped("stopped", 5), { unfinished: true });
    const maxTokens = part.tokenCount;
    const options = { directory: join(root, "same-tokens"), maxTokens, ...quiet };
    const same = await cacheLatents({ model: toyModel(), coder: toyCoder() }, texts, options);
    for (let latent = 0; latent < same.dSae; latent++) {
      const { sum, ...stats } = same.stats(latent);
      expect(part.stats(latent)).toMatchObject(stats);
      expect(part.stats(latent).sum).toBeCloseTo(sum, 6);
    }
    expect(part.coverage()).toEqual(same.coverage());
    const [latent] = part.sample(1);
    const examples = await sampleExamples(part, latent ?? { hookpoint: "layers.0", index: 2 });
    expect(examples.train.length).toBeGreaterThan(0);
    const bundle = Reflect.get(part, jupyterDisplay)() as MimeBundle;
    expect(bundle["text/plain"]).toMatch(/contexts +80 of 64 tokens, \d+ are planned/);
  });

  test("has a hash of its own, and a finished cache opens the same either way", async () => {
    const [five, six] = [await stopped("five", 5), await stopped("six", 6)];
    const hashes = [five, six].map((directory) => LatentCache.open(directory, { unfinished: true }).hash);
    const input = { model: toyModel(), coder: toyCoder() };
    const { hash } = await cacheLatents(input, texts, { directory: five, ...quiet });
    expect(new Set([...hashes, hash]).size).toBe(3);
    const opened = LatentCache.open(five, { unfinished: true });
    expect(opened.hash).toBe(hash);
    expect(opened.plannedContextCount).toBe(opened.contextCount);
  });

  test("refuses what has no finished run, and is not opened unasked", async () => {
    const directory = await stopped("asked", 3);
    expect(() => LatentCache.open(directory)).toThrow(/it is not finished; call cacheLatents/);
    const none = join(root, "none");
    cpSync(directory, none, { recursive: true });
    rmSync(join(none, "runs"), { recursive: true });
    for (const folder of [none, join(root, "nowhere")]) {
      expect(() => LatentCache.open(folder, { unfinished: true })).toThrow(
        /Cannot open the unfinished cache ".*": it has no finished run yet/,
      );
    }
  });
});
