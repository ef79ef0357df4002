/** What a random coder on a model that was never trained gets: the null of a whole run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { topActivations } from "../../src/explain/top-activations.js";
import type { Latent } from "../../src/latent.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { writeRandomModel } from "../../src/model/write-random-model.js";
import { compareRuns } from "../../src/report/compare-runs.js";
import { liftsOf } from "../../src/report/lifts.js";
import { type Report, report } from "../../src/report/report.js";
import { interpret } from "../../src/run/interpret.js";
import type { NullPanelOptions } from "../../src/run/null-panel.js";
import { detection } from "../../src/score/detection.js";
import { randomCoder } from "../../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { tensor } from "../../src/tensor.js";
import { described } from "../score/gauntlet.js";
import { plantedCache, plantedNames } from "../score/planted-latents.js";

const root = mkdtempSync(join(tmpdir(), "saelab-random-"));
const texts = [...generateDocuments({ seed: "corpus", count: 300 })].map(({ text }) => text);
const open: { close(): Promise<void> }[] = [];
afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  rmSync(root, { recursive: true, force: true });
});

async function interpreted(
  model: SubjectModel,
  coder: SparseCoder,
  { name, nulls = false }: { name: string; nulls?: NullPanelOptions | false },
): Promise<Report> {
  open.push(coder);
  const cache = await cacheLatents({ model, coder }, texts, {
    directory: join(root, name),
    onProgress: false,
  });
  return scoredReport(cache, cache.sample(14, { seed: 5, minCount: 70 }), nulls);
}

function scoredReport(
  cache: LatentCache,
  latents: readonly Latent[],
  nulls: NullPanelOptions | false = false,
): Promise<Report> {
  return report(
    interpret(cache, latents, {
      explainer: topActivations(pattern()),
      scorers: [detection(pattern())],
      examples: { train: 20, test: 25 },
      nulls,
      onProgress: false,
    }),
  );
}

describe("a model that was never trained", () => {
  let trained: SubjectModel;
  let random: SubjectModel;
  let runs: Record<"trained" | "random" | "again" | "planted", Report>;

  beforeAll(async () => {
    await writeRandomModel("demo", join(root, "model"));
    [trained, random] = [await loadModel("demo"), await loadModel(join(root, "model"))];
    open.push(trained, random);
    const untrained = (seed: number) => randomCoder(random, "layers.2", { dSae: 1024, k: 8, seed });
    const { cache, remove } = await plantedCache({ documents: 400 });
    const planted = described.map((name) => ({
      hookpoint: cache.hookpoint,
      index: plantedNames.indexOf(name),
    }));
    runs = {
      trained: await interpreted(trained, await loadSparseCoder("demo/layers.2.wide"), { name: "trained" }),
      random: await interpreted(random, untrained(1), { name: "random", nulls: { share: 1 } }),
      again: await interpreted(random, untrained(2), { name: "again" }),
      planted: await scoredReport(cache, planted),
    };
    await remove();
  }, 240_000);

  it("has weights of the same scale, and other activations and predictions", async () => {
    const tokens = tensor(
      Int32Array.from({ length: 64 }, (_, i) => i),
      [1, 64],
    );
    const read = async (model: SubjectModel) => {
      const activations = await model.activations(tokens, ["layers.0"]);
      return (activations.get("layers.0")?.data ?? new Float32Array(0)) as Float32Array;
    };
    const [ours, theirs] = [await read(trained), await read(random)];
    const size = (numbers: Float32Array) =>
      Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length);
    expect(size(theirs) / size(ours)).toBeGreaterThan(0.2);
    expect(size(theirs) / size(ours)).toBeLessThan(5);
    const product = ours.reduce((sum, x, i) => sum + x * (theirs[i] ?? 0), 0);
    expect(Math.abs(product / (ours.length * size(ours) * size(theirs)))).toBeLessThan(0.3);
    expect(random.hash).not.toBe(trained.hash);
  });

  const liftOver = (first: Report, second: Report) => compareRuns(first, second)[0]?.lift?.interval ?? [];

  it("is no better than itself: the lift of another random coder holds 0", () => {
    const [low, high] = liftOver(runs.again, runs.random);
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
  });

  it("is what trained and planted latents are better than", () => {
    expect(liftOver(runs.trained, runs.random)[0]).toBeGreaterThan(0);
    expect(liftOver(runs.planted, runs.random)[0]).toBeGreaterThan(0);
  });

  it("has latents that follow tokens: only the list of tokens tells that there is nothing more", () => {
    const [another, unigram] = ["another latent", "unigram rule"].map(
      (over) => liftsOf(runs.random).find((one) => one.over === over)?.lift?.interval ?? [],
    );
    // Heap et al.'s finding: explanations of a random model are about its latents, too.
    expect(another?.[0]).toBeGreaterThan(0);
    expect(unigram?.[0]).toBeLessThan(0);
  });
});
