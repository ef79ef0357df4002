import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { isSaelabError } from "../../src/errors.js";
import type { Progress } from "../../src/progress.js";
import { toyActivation, toyCoder, toyModel, toyTexts } from "./toy-world.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "saelab-cache-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;

/** Every activation of a latent by the toy world's rule, over the whole cache. */
function expected(cache: LatentCache, latent: number, firstPosition = 1) {
  const [positions, activations]: [number[], number[]] = [[], []];
  for (let context = 0; context < cache.contextCount; context++) {
    const tokens = cache.tokens(context);
    tokens.forEach((id, position) => {
      const value = toyActivation(latent, id, position > 0 ? (tokens[position - 1] as number) : 0, position);
      if (value <= 0 || position < firstPosition) return;
      positions.push(context * cache.contextLength + position);
      activations.push(Math.fround(value));
    });
  }
  return { positions, activations };
}

function expectToyCache(cache: LatentCache, firstPosition = 1) {
  for (let latent = 0; latent < cache.dSae; latent++) {
    const { positions, activations } = cache.read(latent);
    const wanted = expected(cache, latent, firstPosition);
    expect([...positions]).toEqual(wanted.positions);
    expect([...activations]).toEqual(wanted.activations);
    const stats = cache.stats(latent);
    expect(stats.count).toBe(wanted.positions.length);
    expect(stats.max).toBe(Math.max(0, ...wanted.activations));
    expect(stats.sum).toBeCloseTo(
      wanted.activations.reduce((a, b) => a + b, 0),
      6,
    );
    const tiles = wanted.positions.map((p) => `${Math.floor(p / 64)}/${Math.floor((p % 64) / 32)}`);
    expect(stats.windows).toBe(new Set(tiles).size);
  }
}

describe("cacheLatents()", () => {
  test("stores every activation but BOS's, grouped by latent, whatever the runs", async () => {
    const input = { model: toyModel(), coder: toyCoder() };
    const texts = toyTexts(40);
    const one = await cacheLatents(input, texts, { directory: join(root, "one"), ...quiet });
    const many = await cacheLatents(input, texts, {
      directory: join(root, "many"),
      tokensPerRun: 192,
      ...quiet,
    });
    expectToyCache(one);
    expectToyCache(many);
    expect(many.manifest).toEqual(one.manifest);
    expect(readdirSync(many.directory)).not.toContain("runs");
  });

  test("keeps BOS when asked, and position 0 where the tokenizer has no BOS", async () => {
    const texts = toyTexts(10);
    const kept = await cacheLatents({ model: toyModel(), coder: toyCoder() }, texts, {
      directory: join(root, "kept"),
      keepBos: true,
      ...quiet,
    });
    expectToyCache(kept, 0);
    expect(kept.stats(2).density).toBe(1);
    const none = await cacheLatents({ model: toyModel({ bos: false }), coder: toyCoder() }, texts, {
      directory: join(root, "none"),
      ...quiet,
    });
    expectToyCache(none, 0);
    expect(none.stats(2).count).toBe(none.tokenCount);
  });

  test("opens a finished cache without running the model", async () => {
    let batches = 0;
    const model = toyModel({ onBatch: () => void batches++ });
    const directory = join(root, "cache");
    const first = await cacheLatents({ model, coder: toyCoder() }, toyTexts(20), { directory, ...quiet });
    const before = batches;
    const again = await cacheLatents({ model, coder: toyCoder() }, toyTexts(20), { directory, ...quiet });
    expect(batches).toBe(before);
    expect(again.manifest).toEqual(first.manifest);
  });

  test("notes what computes the model, and does not take that for a difference", async () => {
    const directory = join(root, "cache");
    const on = (provider: string) =>
      cacheLatents({ model: { ...toyModel(), provider }, coder: toyCoder() }, toyTexts(20), {
        directory,
        ...quiet,
      });
    const first = await on("cuda");
    expect(first.manifest.identity.model).toMatchObject({ name: "toy", provider: "cuda" });
    expect((await on("cpu")).manifest).toEqual(first.manifest);
  });

  test("names its default directory by content, under SAELAB_CACHE", async () => {
    process.env.SAELAB_CACHE = root;
    try {
      const input = { model: toyModel(), coder: toyCoder() };
      const a = await cacheLatents(input, toyTexts(10), quiet);
      const b = await cacheLatents(input, toyTexts(10, 2), quiet);
      expect(a.directory).toMatch(/toy-layers\.0-on-texts-[0-9a-f]{8}$/);
      expect(a.directory).not.toBe(b.directory);
      await expect(cacheLatents(input, new Set(toyTexts(10)), quiet)).rejects.toThrow(
        /give options\.directory/,
      );
    } finally {
      delete process.env.SAELAB_CACHE;
    }
  });

  test("cuts at maxTokens, takes streams, and reports progress to its end", async () => {
    const states: string[] = [];
    async function* stream() {
      yield* toyTexts(50);
    }
    const cache = await cacheLatents({ model: toyModel(), coder: toyCoder() }, stream(), {
      directory: join(root, "stream"),
      maxTokens: 1000,
      onProgress: ({ stage, done, total }) => void states.push(`${stage} ${done}/${total}`),
    });
    expect(cache.contextCount).toBe(15);
    expect(states).toContain("cache toy/layers.0 960/960");
    expectToyCache(cache);
    const again = (texts: string[]) =>
      cacheLatents({ model: toyModel(), coder: toyCoder() }, new Set(texts), {
        directory: join(root, "stream"),
        maxTokens: 1000,
        ...quiet,
      });
    expect((await again(toyTexts(50))).hash).toBe(cache.hash);
    await expect(again(toyTexts(50, 2))).rejects.toThrow(
      /holds a cache of another stream, which begins differently/,
    );
  });

  test("refuses a coder that does not fit, before it makes anything", async () => {
    const model = toyModel();
    const directory = join(root, "never");
    const wrongPlace = cacheLatents({ model, coder: toyCoder({ hookpoint: "layers.9" }) }, "demo", {
      directory,
    });
    await expect(wrongPlace).rejects.toThrow(
      /at "layers.9" of "toy": the model has no such hookpoint; hookpoints of that width are layers.0/,
    );
    await expect(wrongPlace).rejects.toSatisfy((error) => isSaelabError(error, "HookpointError"));
    const wrongWidth = cacheLatents({ model, coder: toyCoder({ hookpoint: "layers.1" }) }, "demo", {
      directory,
    });
    await expect(wrongWidth).rejects.toThrow(/there it has 7 numbers per position, the coder takes 4/);
    expect(existsSync(directory)).toBe(false);
  });

  test("refuses empty and too small corpora, wrong options, and a directory of another cache", async () => {
    const input = { model: toyModel(), coder: toyCoder() };
    const directory = join(root, "cache");
    const call = (corpus: string[], options = {}) =>
      cacheLatents(input, corpus, { directory, ...quiet, ...options });
    await expect(call([])).rejects.toThrow(/empty array/);
    await expect(call(["", ""])).rejects.toThrow(/does not fill one context of 64 tokens/);
    await expect(call(["short"])).rejects.toThrow(/does not fill one context of 64 tokens/);
    await expect(call(toyTexts(5), { contextLength: 65 })).rejects.toThrow(/takes 2 to 64 tokens/);
    await expect(call(toyTexts(5), { tokensPerRun: 0 })).rejects.toThrow(
      /with tokensPerRun 0: give a number from 1/,
    );
    await expect(call(toyTexts(5), { maxTokens: 10 })).rejects.toThrow(/maxTokens must be from 64/);
    await expect(call(toyTexts(5), { precision: "f8" })).rejects.toThrow('"f8": give "f32" or "f16"');
    for (const nothing of [undefined, {}, { coder: input.coder }, { model: input.model, coder: undefined }]) {
      await expect(cacheLatents(nothing as never, toyTexts(5))).rejects.toThrow("give { model, coder } or");
    }
    const cache = await call(toyTexts(5));
    expect(() => cache.sample(-3)).toThrow("Cannot sample -3 latents");
    await expect(call(toyTexts(6))).rejects.toThrow(/differs in corpus; choose another directory/);
    await expect(call(toyTexts(5), { keepBos: true })).rejects.toThrow(/differs in keepBos/);
  });

  test("refuses NaN, infinity and unknown latents, and keeps what came before", async () => {
    const model = toyModel();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const coder = toyCoder({ damage: { latent: 5, value } });
      await expect(
        cacheLatents({ model, coder }, toyTexts(5), { directory: join(root, `${value}`), ...quiet }),
      ).rejects.toThrow(`Cannot cache latent 5 at context 0, position 0: its activation is ${value}`);
    }
    const negative = toyCoder({ damage: { latent: 5, value: -1 } });
    const cache = await cacheLatents({ model, coder: negative }, toyTexts(5), {
      directory: join(root, "negative"),
      ...quiet,
    });
    expect(cache.stats(5).count).toBe(0);
  });

  test("stops when asked, says how to go on, and goes on without repeating", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const model = toyModel({
      onBatch: (tokens) => {
        seen.push(tokens.shape[0] as number);
        if (seen.length === 2) controller.abort(new Error("the user"));
      },
    });
    const directory = join(root, "cache");
    const input = { model, coder: toyCoder() };
    const texts = toyTexts(80);
    const stopped = cacheLatents(input, texts, { directory, signal: controller.signal, ...quiet });
    await expect(stopped).rejects.toThrow(
      /32 of \d+ contexts are computed; call cacheLatents again with the same arguments/,
    );
    await expect(stopped).rejects.toMatchObject({ name: "AbortError", cause: new Error("the user") });
    expect(() => LatentCache.open(directory)).toThrow(/is not finished; call cacheLatents/);
    const cache = await cacheLatents(input, texts, { directory, ...quiet });
    expect(seen.reduce((a, b) => a + b)).toBe(cache.contextCount);
    expectToyCache(cache);
  });

  test("says as it goes how many latents have fired, those of an earlier call included", async () => {
    const notes: (string | undefined)[] = [];
    const controller = new AbortController();
    const directory = join(root, "cache");
    const call = (signal?: AbortSignal) => {
      const onBatch = () => controller.abort();
      const onProgress = ({ stage, note }: Progress) => {
        if (stage.startsWith("cache")) notes.push(note);
      };
      const input = { model: toyModel({ onBatch }), coder: toyCoder() };
      return cacheLatents(input, toyTexts(80), { directory, signal, onProgress });
    };
    await expect(call(controller.signal)).rejects.toThrow(/Stopped/);
    const first = LatentCache.open(directory, { unfinished: true });
    expect(notes).toEqual([`${first.live().length} of 32 latents have fired`]);
    const cache = await call();
    expect(notes.at(-1)).toBe(`${cache.live().length} of 32 latents have fired`);
  });

  test("keeps finished work when the model fails", async () => {
    let batches = 0;
    const failing = toyModel({
      onBatch: () => {
        if (++batches === 3) throw new Error("out of memory");
      },
    });
    const directory = join(root, "cache");
    const texts = toyTexts(80);
    await expect(
      cacheLatents({ model: failing, coder: toyCoder() }, texts, { directory, ...quiet }),
    ).rejects.toThrow("out of memory");
    const cache = await cacheLatents({ model: failing, coder: toyCoder() }, texts, { directory, ...quiet });
    // The batch that failed, and the one behind it, which was begun.
    expect(batches).toBe(2 + Math.ceil(cache.contextCount / 16));
    expectToyCache(cache);
  });

  test.skipIf(!existsSync("/dev/full"))(
    "reports a full disk in one sentence and keeps finished runs (needs /dev/full)",
    async () => {
      const directory = join(root, "cache");
      const texts = toyTexts(80);
      let batches = 0;
      const model = toyModel({
        onBatch: () => {
          if (++batches === 2) symlinkSync("/dev/full", join(directory, "runs", "00000016-00000032.run.tmp"));
        },
      });
      const options = { directory, tokensPerRun: 1024, ...quiet };
      const full = cacheLatents({ model, coder: toyCoder() }, texts, options);
      await expect(full).rejects.toThrow(
        /00000016-00000032.run": the disk is full; free some space and call again/,
      );
      await expect(full).rejects.toSatisfy((error) => isSaelabError(error, "FileError"));
      const cache = await cacheLatents({ model, coder: toyCoder() }, texts, options);
      // The run that could not be written, and the batch that was computed meanwhile.
      expect(batches).toBe(2 + Math.ceil(cache.contextCount / 16));
      expectToyCache(cache);
    },
  );

  test.skipIf(!existsSync("/dev/full"))(
    "computes nothing again when the disk was full at the end (needs /dev/full)",
    async () => {
      const directory = join(root, "cache");
      let batches = 0;
      const model = toyModel({
        onBatch: () => {
          if (++batches === 1) symlinkSync("/dev/full", join(directory, "activations.f32.tmp"));
        },
      });
      const call = () => cacheLatents({ model, coder: toyCoder() }, toyTexts(40), { directory, ...quiet });
      await expect(call()).rejects.toThrow(/activations\.f32": the disk is full/);
      const before = batches;
      expectToyCache(await call());
      expect(batches).toBe(before);
    },
  );

  test("reports a folder that cannot be made", async () => {
    writeFileSync(join(root, "file"), "");
    await expect(
      cacheLatents({ model: toyModel(), coder: toyCoder() }, toyTexts(5), {
        directory: join(root, "file", "cache"),
        ...quiet,
      }),
    ).rejects.toThrow(/a part of the path is a file; choose another directory/);
  });

  test("goes on from a call that was asked to stop and is at work still", async () => {
    const directory = join(root, "cache");
    const plain = toyModel();
    let computed = 0;
    const slow = {
      ...plain,
      activations: async (...asked: Parameters<typeof plain.activations>) => {
        computed++;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return await plain.activations(...asked);
      },
    };
    const call = (signal?: AbortSignal) =>
      cacheLatents({ model: slow, coder: toyCoder() }, toyTexts(80), {
        ...{ directory, signal, tokensPerRun: 512, ...quiet },
      });
    const controller = new AbortController();
    const first = call(controller.signal);
    first.catch(() => {});
    while (computed === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    const impatient = new AbortController();
    const second = call(impatient.signal);
    impatient.abort();
    await expect(second).rejects.toThrow("a call before this one is ending");
    expectToyCache(await call());
    await expect(first).rejects.toThrow("Stopped");
    const all = computed;
    await cacheLatents({ model: slow, coder: toyCoder() }, toyTexts(80), {
      directory: join(root, "whole"),
      tokensPerRun: 512,
      ...quiet,
    });
    expect(all).toBe(computed - all);
  });

  test("refuses a directory that a running call is filling, not one that a dead process left", async () => {
    const directory = join(root, "cache");
    const input = { model: toyModel(), coder: toyCoder() };
    const first = cacheLatents(input, toyTexts(20), { directory, ...quiet });
    await expect(cacheLatents(input, toyTexts(20), { directory, ...quiet })).rejects.toThrow(
      /is filling it; wait for it/,
    );
    await first;
    const other = join(root, "other");
    const controller = new AbortController();
    controller.abort();
    await expect(
      cacheLatents(input, toyTexts(20), { directory: other, signal: controller.signal, ...quiet }),
    ).rejects.toThrow();
    writeFileSync(join(other, "lock"), "4194305");
    expectToyCache(await cacheLatents(input, toyTexts(20), { directory: other, ...quiet }));
  });
});
