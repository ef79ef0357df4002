/** What latents that nobody trained get, beside those of a random model, planted ones and trained ones. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { jupyterDisplay } from "../../src/display.js";
import { ModelCallError } from "../../src/errors.js";
import { topActivations } from "../../src/explain/top-activations.js";
import type { Latent } from "../../src/latent.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import type { TextModel } from "../../src/llm/text-model.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { writeRandomModel } from "../../src/model/write-random-model.js";
import { headlinesOf, liftsOf } from "../../src/report/lifts.js";
import { type Report, report } from "../../src/report/report.js";
import { type InterpretOptions, interpret } from "../../src/run/interpret.js";
import { nullRunKinds, type RunResult } from "../../src/run/null-run.js";
import { detection } from "../../src/score/detection.js";
import { randomCoder } from "../../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { described } from "../score/gauntlet.js";
import { plantedCache, plantedNames } from "../score/planted-latents.js";
import { counted } from "./counted-model.js";

const root = mkdtempSync(join(tmpdir(), "saelab-null-runs-"));
const texts = [...generateDocuments({ seed: "corpus", count: 110 })].map(({ text }) => text);
const quiet = { onProgress: false } as const;
const open: { close(): Promise<void> }[] = [];
let demo: SubjectModel;

beforeAll(async () => {
  demo = await loadModel("demo");
  open.push(demo);
}, 60_000);

afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  rmSync(root, { recursive: true, force: true });
});

async function cached(model: SubjectModel, coder: SparseCoder, name: string): Promise<LatentCache> {
  open.push(coder);
  return await cacheLatents({ model, coder }, texts, { ...quiet, directory: join(root, name) });
}

const settings = (llm: TextModel = pattern()): InterpretOptions => ({
  explainer: topActivations(llm),
  scorers: [detection(llm)],
  examples: { train: 10, test: 20 },
  ...quiet,
});

/** The report of a run and of the null runs that come with it, where the judge costs nothing. */
function reported(
  cache: LatentCache,
  latents: readonly Latent[],
  nulls: InterpretOptions["nulls"],
): Promise<Report> {
  return report(interpret(cache, latents, { ...settings(), nulls }));
}

async function all(results: AsyncIterable<RunResult>): Promise<RunResult[]> {
  const list: RunResult[] = [];
  for await (const result of results) list.push(result);
  return list;
}

describe("the null panel as it is by default, where the judge is free", () => {
  it("of a random coder over a random model: the lift over the strongest null holds 0", async () => {
    await writeRandomModel("demo", join(root, "model"), { ...quiet, seed: "subject" });
    const random = await loadModel(join(root, "model"));
    open.push(random);
    const coder = randomCoder(random, "layers.2", { dSae: 1024, k: 8, seed: "subject" });
    const cache = await cached(random, coder, "random");
    // As a process leaves it that was killed while it wrote.
    mkdirSync(join(cache.directory, "nulls", "model"), { recursive: true });
    writeFileSync(join(cache.directory, "nulls", "model", "model.onnx_data"), "x");
    const found = await reported(cache, cache.sample(20, { seed: 5, minCount: 60 }), { share: 1 });
    expect(found.nullRuns.map(({ kind, rows, reason }) => [kind, rows.length, reason])).toEqual(
      nullRunKinds.map((kind) => [kind, 20, undefined]),
    );
    const [headline] = headlinesOf(found);
    expect(headline?.lift.interval[0]).toBeLessThan(0);
    expect(headline?.lift.interval[1]).toBeGreaterThan(0);
    // Heap et al.'s finding: explanations of a random model tell its latents' windows from random ones, too.
    const easy = { ...settings(), examples: { train: 10, test: 20, negatives: ["random"] as const } };
    const latents = found.rows.map(({ latent }) => latent);
    const again = await report(interpret(cache, latents, { ...easy, nulls: { share: 1, runs: false } }));
    const another = liftsOf(again).find(({ over }) => over === "another latent");
    expect(another?.lift?.interval[0]).toBeGreaterThan(0);
    // The copy of the model with new weights is as large as the model.
    const kept = readdirSync(join(cache.directory, "nulls")).map((name) => name.replace(/-\w{8}$/, ""));
    expect(kept.sort()).toEqual(["neurons", "random-coder", "random-model"]);
  }, 240_000);

  it("of planted latents: it is above 0", async () => {
    const { cache, remove } = await plantedCache({ documents: 200 });
    const latents = described.map((name) => ({
      hookpoint: cache.hookpoint,
      index: plantedNames.indexOf(name),
    }));
    const found = await reported(cache, latents, { share: 1, model: demo, hookpoint: "layers.2" });
    expect(headlinesOf(found)[0]?.lift.interval[0]).toBeGreaterThan(0);
    await remove();
  }, 240_000);

  it("of trained latents: it is above 0, too", async () => {
    const cache = await cached(demo, await loadSparseCoder("demo/layers.2.wide"), "trained");
    const nulls = { share: 1, runs: ["random model"] as const };
    const found = await reported(cache, cache.sample(20, { seed: 5, minCount: 60 }), nulls);
    expect(headlinesOf(found)[0]).toMatchObject({ over: "random model", latents: 20, nullLatents: 20 });
    expect(headlinesOf(found)[0]?.lift.interval[0]).toBeGreaterThan(0);
    // What the embedded explainer says of a latent, the best list of tokens says, too.
    const unigram = liftsOf(found).find(({ over }) => over === "unigram rule");
    expect(unigram?.lift?.interval[0]).toBeLessThan(0);
  }, 240_000);
});

describe("null runs", () => {
  let cache: LatentCache;
  const latents = () => cache.sample(6, { seed: 7, minCount: 60 });
  const directory = join(root, "results");
  beforeAll(() => {
    // Made above: the model is found by its name.
    cache = LatentCache.open(join(root, "trained"));
  });

  it("are found again: a second run asks nobody, and needs no model", async () => {
    const nulls = { share: 0, runs: ["neurons"] as const };
    const first = counted();
    const results = await all(interpret(cache, latents(), { ...settings(first.llm), nulls, directory }));
    expect(results.map(({ status }) => status)).toEqual([...latents().map(() => "scored"), "null run"]);
    expect(results.at(-1)).toMatchObject({
      kind: "neurons",
      madeOf: expect.stringMatching(
        /^512 neurons of layers\.2\.mlp\.neurons, 8 at a position, on [\d,]+ tokens$/,
      ),
    });
    expect(first.counter.calls).toBeGreaterThan(0);
    const second = counted();
    const again = await all(interpret(cache, latents(), { ...settings(second.llm), nulls, directory }));
    expect(again).toEqual(results);
    expect(second.counter.calls).toBe(0);
  }, 60_000);

  it("leave results of latents as they are, whatever is chosen", async () => {
    const { llm, counter } = counted();
    const how = { ...settings(llm), nulls: { share: 0, runs: false as const }, directory };
    const results = await all(interpret(cache, latents(), how));
    expect(results.map(({ status }) => status)).toEqual(latents().map(() => "scored"));
    expect(counter.calls).toBe(0);
  }, 60_000);

  it("say why they cannot be made, and cost nothing then", async () => {
    const { cache: planted, remove } = await plantedCache({ documents: 60 });
    const one = [{ hookpoint: planted.hookpoint, index: 0 }];
    const nulls = { share: 0, runs: ["random model", "neurons"] as const };
    const few = { ...settings(), examples: { train: 2, test: 4, quantiles: 2 } };
    const [, ...made] = await all(interpret(planted, one, { ...few, nulls }));
    expect(made).toMatchObject([
      { kind: "random model", results: [], reason: 'the model "planted" is not from files' },
      { kind: "neurons", results: [], reason: 'the model "planted" has no neurons at "planted"' },
    ]);
    const opened = LatentCache.open(planted.directory);
    const found = await report(interpret(opened, one, { ...few, nulls }));
    const said = await found[jupyterDisplay]();
    expect(said["text/plain"]).toContain(
      'not held against a model with random weights, neurons of the model: the cache does not say where its model "planted" is; give it as nulls.model',
    );
    await remove();
  }, 60_000);

  it("end with what they have where the budget is spent, and stop where they are told to", async () => {
    const nulls = { share: 0, runs: ["neurons"] as const };
    const { counter, llm } = counted();
    await all(interpret(cache, latents(), { ...settings(llm), nulls: { share: 0, runs: false } }));
    const spent = counted((call) =>
      call > counter.calls + 12 ? new ModelCallError("The budget is spent", "stop") : undefined,
    );
    const how = { ...settings(spent.llm), nulls, concurrency: 1 };
    const results = await all(interpret(cache, latents(), how));
    expect(results.slice(0, -1).map(({ status }) => status)).toEqual(latents().map(() => "scored"));
    const run = results.at(-1);
    expect(run).toMatchObject({ status: "null run", reason: "The budget is spent" });
    expect(run?.status === "null run" && run.results.length).toBeGreaterThan(0);

    const stop = new AbortController();
    const ended = counted((call) => {
      if (call > counter.calls + 12) stop.abort(new Error("enough"));
      return undefined;
    });
    const stopped = interpret(cache, latents(), {
      ...settings(ended.llm),
      nulls,
      signal: stop.signal,
      concurrency: 1,
    });
    await expect(all(stopped)).rejects.toThrow("enough");
  }, 60_000);
});
