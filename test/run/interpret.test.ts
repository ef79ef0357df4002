import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { ModelCallError } from "../../src/errors.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { bestOf } from "../../src/explain/best-of.js";
import { refine } from "../../src/explain/refine.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { vocabulary } from "../../src/explain/vocabulary.js";
import { type Latent, latentName } from "../../src/latent.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import type { TextModel } from "../../src/llm/text-model.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { compareRuns } from "../../src/report/compare-runs.js";
import { report } from "../../src/report/report.js";
import { type InterpretOptions, interpret } from "../../src/run/interpret.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import type { RunResult } from "../../src/run/null-run.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { generation } from "../../src/score/generation.js";
import { intruder } from "../../src/score/intruder.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import type { Scorer } from "../../src/score/scorer.js";
import { sensitivity } from "../../src/score/sensitivity.js";
import type { Subject } from "../../src/sparse/activations-of.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { counted } from "./counted-model.js";

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

const few = { train: 20, test: 20 };
const settings = (llm: TextModel, directory?: string) => ({
  explainer: topActivations(llm),
  scorers: [detection(llm)],
  examples: few,
  directory,
  onProgress: false as const,
});

/** The results of latents. */
async function collect(results: AsyncIterable<RunResult>): Promise<Interpretation[]> {
  const list: Interpretation[] = [];
  for await (const result of results) if (result.status !== "null run") list.push(result);
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

  it("names each set of windows, so that runs with other examples to explain from can be paired", async () => {
    const latents = cache.sample(4, { seed: 2, minCount: 100 });
    const runWith = async (trainSampling: "top" | "random") => {
      const examples = { ...few, select: 5, contrast: 5, trainSampling };
      const directory = join(scratch, "sets");
      const how = { ...settings(pattern(), directory), examples, nulls: false as const };
      const results = await collect(interpret(cache, latents, how));
      return {
        results: results.filter((result) => result.status === "scored"),
        report: await report(results),
      };
    };
    const [top, random] = [await runWith("top"), await runWith("random")];
    for (const [i, { setHashes, latent }] of top.results.entries()) {
      const sampled = sampleExamples(cache, latent, { ...few, select: 5, contrast: 5, trainSampling: "top" });
      expect(setHashes).toEqual(sampled.setHashes);
      expect(Object.keys(setHashes ?? {}).sort()).toEqual(
        ["calibrate", "contrast", "nonActivating", "select", "selectNonActivating", "test", "train"].sort(),
      );
      expect(random.results[i]?.setHashes?.test).toBe(setHashes?.test);
      expect(random.results[i]?.setHashes?.train).not.toBe(setHashes?.train);
    }
    expect(compareRuns(top.report, random.report)[0]).toMatchObject({ paired: true });
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

  it("keeps the other scores of a latent where one scorer fails, and says which failed and why", async () => {
    const directory = join(scratch, "one fails");
    const latents = cache.sample(3, { seed: 3, minCount: 300 });
    const choosy: Scorer = {
      name: "choosy",
      model: "none",
      score: () => Promise.reject(new RangeError("Cannot score this: it is too long")),
    };
    const { llm } = counted();
    const how = settings(llm, directory);
    const run = () => collect(interpret(cache, latents, { ...how, scorers: [choosy, ...how.scorers] }));
    const results = await run();
    for (const result of results) {
      expect(result).toMatchObject({
        status: "scored",
        scores: [{ scorer: "detection", value: expect.any(Number) }],
        unscored: [{ scorer: "choosy", model: "none", reason: "Cannot score this: it is too long" }],
      });
    }
    expect(await run()).toEqual(JSON.parse(JSON.stringify(results)));
  });

  it("takes an explainer that cannot explain a latent for a failure of this latent", async () => {
    const latents = cache.sample(2, { seed: 3, minCount: 300 });
    const explainer = refine(topActivations(pattern()), { llm: pattern(), scorer: detection(pattern()) });
    const results = await collect(interpret(cache, latents, { ...settings(pattern()), explainer }));
    const reason = expect.stringMatching(/sample it with \{ select: 20 \}/);
    expect(results).toMatchObject([
      { status: "failed", reason },
      { status: "failed", reason },
    ]);
  });

  it("shows what two judges say of a latent, each under a name of its own", async () => {
    const latents = cache.sample(1, { seed: 3, minCount: 300 });
    const { llm } = counted();
    const scorers = [detection(llm), detection(pattern()), fuzzing(llm), fuzzing(llm, { seed: 5 })];
    const nulls = { share: 1 };
    const [result] = await collect(interpret(cache, latents, { ...settings(llm), scorers, nulls }));
    const names = [
      ...["detection (counted)", "detection (pattern (embedded))"],
      ...["fuzzing (seed default)", "fuzzing (seed 5)"],
    ];
    expect(result).toMatchObject({ status: "scored", scores: names.map((scorer) => ({ scorer })) });
    const held = result?.status === "scored" ? (result.nulls ?? []).map(({ scorer }) => scorer) : [];
    expect(new Set(held)).toEqual(new Set(names));
    const shown = await report(result ? [result] : []);
    expect(shown.scorers).toEqual(names);
  });

  describe("before it asks anybody", () => {
    const latents = [{ hookpoint: "layers.1", index: 3 }];
    const elsewhere = async () => loadSparseCoder("demo/layers.0");

    it.each<[string, (llm: TextModel, subject: Subject) => Partial<InterpretOptions>]>([
      ["a scorer", (llm, subject) => ({ scorers: [detection(llm), generation(llm, subject)] })],
      ["an explainer", (llm, subject) => ({ explainer: vocabulary(llm, subject) })],
      [
        "a scorer that chooses",
        (llm, subject) => ({
          explainer: bestOf(topActivations(llm), { scorer: sensitivity(llm, subject) }),
        }),
      ],
    ])("says that %s is of another hookpoint than the latents", async (_, parts) => {
      const directory = join(scratch, "misused");
      const { llm, counter } = counted();
      const wrong = await elsewhere();
      const run = interpret(cache, latents, {
        ...settings(llm, directory),
        ...parts(llm, { model, coder: wrong }),
      });
      await expect(collect(run)).rejects.toThrow(
        /^Cannot run ".+" on layers\.1:3: its coder reads layers\.0; give the coder of layers\.1$/,
      );
      expect(counter.calls).toBe(0);
      expect(existsSync(directory)).toBe(false);
      await wrong.close();
    });

    it.each<[string, Latent, InterpretOptions["examples"], RegExp]>([
      ["a latent of another cache", { hookpoint: "layers.0", index: 3 }, few, /^Cannot sample examples of/],
      ["a latent that there is not", { hookpoint: "layers.1", index: 1e6 }, few, /1000000/],
      ["windows longer than contexts", latents[0], { windowLength: 1e6 }, /^Cannot sample windows of/],
    ])("says that %s is wanted", async (_, latent, examples, message) => {
      const { llm, counter } = counted();
      const run = interpret(cache, [...latents, latent], { ...settings(llm), examples });
      await expect(collect(run)).rejects.toThrow(message);
      expect(counter.calls).toBe(0);
    });

    it.each<[string, (llm: TextModel) => Scorer]>([
      ["detection", (llm) => detection(llm, { examplesPerPrompt: 0 })],
      ["fuzzing", (llm) => fuzzing(llm, { examplesPerPrompt: 1.5 })],
      ["responsiveness", (llm) => responsiveness(llm, { examplesPerPrompt: Number.NaN })],
      ["intruder", (llm) => intruder(llm, { shown: 2 })],
      ["generation", (llm) => generation(llm, { model, coder }, { texts: 0 })],
      ["sensitivity", (llm) => sensitivity(llm, { model, coder }, { texts: 1.5 })],
    ])("%s says that a number makes no sense", (_, make) => {
      expect(() => make(pattern())).toThrow(RangeError);
    });
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
        if (result.status !== "null run") results.push(result);
        stop.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(results.length).toBeLessThan(latents.length);
  });
});
