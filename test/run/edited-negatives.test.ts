/** The last rung of the ladder of negatives in a whole run: edits of test windows that the model itself was asked about. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { EditedWindow } from "../../src/examples/minimal-edits.js";
import { sampleEditedExamples } from "../../src/examples/sample-edited-examples.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { report } from "../../src/report/report.js";
import { interpret } from "../../src/run/interpret.js";
import { plan } from "../../src/run/plan.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";

const root = mkdtempSync(join(tmpdir(), "saelab-edited-"));
let model: SubjectModel;
let coder: SparseCoder;
let cache: LatentCache;

beforeAll(async () => {
  [model, coder] = [await loadModel("demo"), await loadSparseCoder("demo/layers.2")];
  const texts = [...generateDocuments({ seed: "edits", count: 250 })].map(({ text }) => text);
  cache = await cacheLatents({ model, coder }, texts, { directory: join(root, "cache"), onProgress: false });
}, 120_000);
afterAll(async () => {
  await Promise.all([model?.close(), coder?.close()]);
  rmSync(root, { recursive: true, force: true });
});

const latentsOf = (count: number) => cache.sample(count, { seed: 4, minCount: 150 });
const kinds = ["random", "co-active", "minimal-edit"] as const;
const few = { train: 10, test: 12, nonActivating: 12, negatives: kinds };
const howOf = (examples: object) => ({
  explainer: topActivations(pattern()),
  scorers: [detection(pattern()), fuzzing(pattern())],
  examples: { ...few, ...examples },
  onProgress: false as const,
});
const edits = (windows: readonly object[]) =>
  windows.filter((window): window is EditedWindow => "kind" in window && window.kind === "minimal-edit");

describe("negatives of kind minimal-edit", () => {
  it("stand in the places of random windows, up to their share", { timeout: 120_000 }, async () => {
    const [latent] = latentsOf(1);
    if (!latent) throw new Error("no latent fires often enough");
    const options = { ...few, subject: { model, coder }, onProgress: false as const };
    const found = await sampleEditedExamples(cache, latent, options);
    const plain = sampleExamples(cache, latent, { ...few, negatives: ["random", "co-active", "random"] });
    const edited = edits(found.nonActivating);
    expect(edited.length).toBeGreaterThan(0);
    expect(edited.length).toBeLessThanOrEqual(4);
    expect(found.nonActivating).toHaveLength(plain.nonActivating.length);
    const places = plain.test.map(({ context, start }) => `${context} ${start}`);
    for (const { context, start } of edited) expect(places).toContain(`${context} ${start}`);
    expect(found.test).toEqual(plain.test);
    expect(found.hash).not.toBe(plain.hash);
    expect(found.setHashes).toMatchObject({ test: plain.setHashes?.test, train: plain.setHashes?.train });
    expect(found.setHashes?.nonActivating).not.toBe(plain.setHashes?.nonActivating);
    const again = await sampleEditedExamples(cache, latent, options);
    expect(again).toEqual(found);
  });

  it("are judged in a run, null runs without them beside it", { timeout: 240_000 }, async () => {
    const how = howOf({ subject: { model, coder } });
    const runs = ["random coder"] as const;
    const results = interpret(cache, latentsOf(2), { ...how, nulls: { runs: [...runs] } });
    const { rows, nullRuns } = await report(results);
    const judged = (row: (typeof rows)[number] | undefined, scorer: string) =>
      new Set(row?.scores[scorer]?.judgements.map(({ kind }) => kind));
    for (const row of rows) expect(row.status, row.reason).toBe("scored");
    for (const scorer of ["detection", "fuzzing"]) expect(judged(rows[0], scorer)).toContain("minimal-edit");
    const [random] = nullRuns;
    expect(random?.reason).toBeUndefined();
    const scored = random?.rows.filter(({ status }) => status === "scored") ?? [];
    expect(scored.length).toBeGreaterThan(0);
    const nullKinds = scored.flatMap((row) => [...judged(row, "detection")]);
    expect(nullKinds).toContain("co-active");
    expect(nullKinds).not.toContain("minimal-edit");
  });

  it("are planned for as they are run, and the plan runs no model", { timeout: 120_000 }, async () => {
    const calls = vi.spyOn(model, "logits");
    const latents = latentsOf(2);
    const how = { ...howOf({ subject: { model, coder } }), nulls: false as const };
    const { stages } = await plan(cache, latents, how);
    expect(calls).not.toHaveBeenCalled();
    const asked = await report(interpret(cache, latents, how));
    expect(calls).toHaveBeenCalled();
    const judgements = (scorer: string) =>
      asked.rows.reduce((sum, { scores }) => sum + (scores[scorer]?.judgements.length ?? 0), 0);
    for (const scorer of ["detection", "fuzzing"]) {
      expect(stages.find(({ stage }) => stage === scorer)?.requests).toBe(Math.ceil(judgements(scorer) / 5));
    }
  });

  it("are refused before anything is asked where there is no model, or another than the cache's", async () => {
    const first = (examples: object) =>
      interpret(cache, latentsOf(1), { ...howOf(examples), nulls: false }).next();
    const missing =
      /^Cannot take negatives of kind "minimal-edit" for layers\.2:\d+ without a model to run; give the cache's in examples as subject: \{ model, coder \}$/;
    await expect(first({})).rejects.toThrow(missing);
    await expect(plan(cache, latentsOf(1), howOf({}))).rejects.toThrow(missing);
    const other = await loadSparseCoder("demo/layers.1");
    await expect(first({ subject: { model, coder: other } })).rejects.toThrow(
      /with the coder ".*layers\.1": the cache is of ".*layers\.2"; give that one as subject\.coder$/,
    );
    await other.close();
    const untyped = { ...few, negatives: ["minimal-edit"] } as object;
    expect(() => sampleExamples(cache, latentsOf(1)[0] as never, untyped)).toThrow(
      'Cannot sample silent windows of kind "minimal-edit": sampleEditedExamples runs the model that these need',
    );
    expect(() =>
      sampleExamples(cache, latentsOf(1)[0] as never, { ...few, negatives: ["rare"] } as object),
    ).toThrow('Cannot sample silent windows of kind "rare": choose of "random", "co-active"');
  });
});
