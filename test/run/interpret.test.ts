import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { ModelCallError } from "../../src/errors.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { latentName } from "../../src/latent.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import type { TextModel } from "../../src/llm/text-model.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { interpret } from "../../src/run/interpret.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import { detection } from "../../src/score/detection.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";

const scratch = mkdtempSync(join(tmpdir(), "saelab-run-"));
let model: SubjectModel;
let coder: SparseCoder;
let cache: LatentCache;

beforeAll(async () => {
  model = await loadModel("demo");
  coder = await loadSparseCoder("demo/layers.1");
  const texts = [...generateDocuments({ seed: "interpret", count: 250 })].map(({ text }) => text);
  cache = await cacheLatents({ model, coder }, texts, {
    directory: join(scratch, "cache"),
    onProgress: false,
  });
}, 120_000);

afterAll(async () => {
  await Promise.all([model?.close(), coder?.close()]);
});

/** The pattern model, with calls counted and a fault where `fault` gives one. */
function counted(fault: (call: number) => Error | undefined = () => undefined) {
  const inner = pattern();
  const counter = { calls: 0 };
  const llm: TextModel = {
    name: "counted",
    complete(request, options) {
      const error = fault(++counter.calls);
      return error ? Promise.reject(error) : inner.complete(request, options);
    },
  };
  return { llm, counter };
}

const few = { train: 20, test: 20 };
const settings = (llm: TextModel, directory?: string) => ({
  explainer: topActivations(llm),
  scorers: [detection(llm)],
  examples: few,
  directory,
  onProgress: false as const,
});

async function collect(results: AsyncIterable<Interpretation>): Promise<Interpretation[]> {
  const list: Interpretation[] = [];
  for await (const result of results) list.push(result);
  return list;
}

describe("interpret()", () => {
  it("yields every latent in the order given, explained and scored", async () => {
    const latents = cache.sample(6, { seed: 1, minCount: 100 });
    const results = await collect(interpret(cache, latents, settings(pattern())));
    expect(results.map(({ latent }) => latentName(latent))).toEqual(latents.map(latentName));
    for (const result of results.filter(({ status }) => status === "scored")) {
      expect(result).toMatchObject({ scores: [{ scorer: "detection", model: "pattern (embedded)" }] });
    }
    expect(results.some(({ status }) => status === "scored")).toBe(true);
  });

  it("keeps finished latents in its directory, and does none of them twice", async () => {
    const directory = join(scratch, "kept");
    const latents = cache.sample(4, { seed: 2, minCount: 100 });
    const first = counted();
    const before = await collect(interpret(cache, latents, settings(first.llm, directory)));
    const second = counted();
    const after = await collect(interpret(cache, latents, settings(second.llm, directory)));
    const scored = before.filter(({ status }) => status === "scored").length;
    expect(after).toEqual(JSON.parse(JSON.stringify(before)));
    expect(second.counter.calls).toBeLessThanOrEqual(latents.length - scored);
    const [run] = readdirSync(directory);
    expect(readdirSync(join(directory, run ?? ""))).toContain("run.json");
  });

  it("keeps runs of other settings apart, in the same directory", async () => {
    const directory = join(scratch, "apart");
    const latents = cache.sample(1, { seed: 2, minCount: 100 });
    await collect(interpret(cache, latents, settings(pattern(), directory)));
    await collect(
      interpret(cache, latents, { ...settings(pattern(), directory), examples: { ...few, seed: 5 } }),
    );
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it("turns a call that fails into a value", async () => {
    const latents = cache.sample(1, { seed: 3, minCount: 100 });
    const { llm } = counted(() => new ModelCallError("The service is down", "call", 500));
    const results = await collect(interpret(cache, latents, settings(llm)));
    const reason = expect.stringContaining("The service is down");
    expect(results).toMatchObject([{ status: "failed", reason }]);
  });

  it("turns a latent with too few windows into a value, and asks nobody about it", async () => {
    const latents = cache.sample(1, { seed: 3, minCount: 100 });
    const { llm, counter } = counted();
    const examples = { train: 20, test: 100_000 };
    const results = await collect(interpret(cache, latents, { ...settings(llm), examples }));
    const reason = expect.stringContaining("Cannot sample examples");
    expect(results).toMatchObject([{ status: "skipped", reason }]);
    expect(counter.calls).toBe(0);
  });

  it("stops when going on is pointless, and keeps what was done", async () => {
    const directory = join(scratch, "stopped");
    const latents = cache.sample(6, { seed: 4, minCount: 100 });
    const { llm } = counted((call) =>
      call > 12 ? new ModelCallError("The spending limit is reached", "stop", 429) : undefined,
    );
    const run = interpret(cache, latents, { ...settings(llm, directory), concurrency: 1 });
    await expect(collect(run)).rejects.toThrow("The spending limit is reached");
    const [folder] = readdirSync(directory);
    const kept = readdirSync(join(directory, folder ?? "")).filter((name) => name !== "run.json");
    expect(kept.length).toBeGreaterThan(0);
  });

  it("stops at once when its signal is aborted", async () => {
    const stop = new AbortController();
    const latents = cache.sample(4, { seed: 5, minCount: 100 });
    const run = interpret(cache, latents, { ...settings(pattern()), signal: stop.signal, concurrency: 1 });
    const results: Interpretation[] = [];
    const reading = (async () => {
      for await (const result of run) {
        results.push(result);
        stop.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(results.length).toBeLessThan(latents.length);
  });
});
