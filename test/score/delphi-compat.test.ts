/** Our samples, items and metrics in delphi's way against what delphi itself drew, asked and printed on a real model. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { Example } from "../../src/examples/example.js";
import { pythonRandom, torchRandint } from "../../src/examples/mersenne-twister.js";
import { type SampleExamplesOptions, sampleExamples } from "../../src/examples/sample-examples.js";
import { noUsage, type TextModel } from "../../src/llm/text-model.js";
import { delphiMetrics, delphiWeightedF1 } from "../../src/score/delphi-metrics.js";
import { type DelphiTask, delphiItems, delphiScorer } from "../../src/score/delphi-scorers.js";
import type { Judgement } from "../../src/score/scorer.js";
import { asTheyWrite, openTheirCache } from "../examples/delphi-cache.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { explanation } from "./made-examples.js";

describe("the generators of Python and PyTorch", () => {
  // python3 -c "import random; random.seed(22); print(random.sample(range(61), 4), random.sample(range(1000), 8))"
  it("samples as Python does, from short lists and long ones", () => {
    const random = pythonRandom(22);
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
    expect(random.sample(upTo(61), 4)).toEqual([58, 8, 15, 1]);
    expect(random.sample(upTo(1000), 8)).toEqual([627, 457, 188, 718, 123, 757, 667, 899]);
    expect(() => random.sample([1], 2)).toThrow("Cannot sample 2 of 1");
  });

  // python3 -c "import random; l = list(range(10)); random.Random(42).shuffle(l); print(l)"
  it("shuffles as Python does", () => {
    expect(pythonRandom(42).shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([7, 3, 2, 8, 5, 6, 9, 4, 0, 1]);
  });

  it("draws numbers below n as PyTorch does", () => {
    // MT19937 of seed 5489 begins with these (Matsumoto and Nishimura's reference output).
    expect(torchRandint(2 ** 28, { count: 2, seed: 5489 })).toEqual([
      3499211612 % 2 ** 28,
      581869302 % 2 ** 28,
    ]);
  });
});

interface RecordedWindow {
  tokens: number[];
  /** Of what is not 0. */
  activations: [index: number, value: number][];
}

interface RecordedSample extends RecordedWindow {
  quantile: number;
}

interface RecordedVariant {
  latent: number;
  n_windows: number;
  train: number[];
  test: number[];
  first_windows: RecordedWindow[];
}

interface RecordedExample {
  text: string;
  activating: boolean;
  distance: number;
}

interface RecordedLatent {
  latent: number;
  n_windows: number;
  max_activation: number;
  per_token_frequency: number;
  top_windows: RecordedWindow[];
  train: RecordedSample[];
  test: RecordedSample[];
  not_active: { tokens: number[] }[];
  detection: { examples: RecordedExample[] }[];
  fuzz: { examples: RecordedExample[] }[];
}

type Metrics = Record<string, number>;

interface RecordedMetrics {
  detection: Record<string, Metrics>;
  fuzz: Record<string, Metrics>;
  aggregate: ({ score_type: string; auc: null } & Metrics)[];
}

interface JudgedLatent {
  latent: number;
  judgements: readonly Judgement[];
}

interface ScoreRow {
  activating: boolean;
  distance: number;
  prediction: boolean | null;
}

const read = (...path: string[]) => JSON.parse(readFileSync(realData("delphi", ...path), "utf8"));
const root = mkdtempSync(join(tmpdir(), "saelab-compat-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasRealData)(`delphi's records ${needsRealData}`, () => {
  let cache: LatentCache;
  let records: RecordedLatent[];
  const folders: Record<DelphiTask, "detection" | "fuzz"> = { detection: "detection", fuzzing: "fuzz" };

  beforeAll(async () => {
    cache = await openTheirCache(join(root, "cache"));
    records = read("records.json").latents;
  });

  const examplesOf = ({ latent }: RecordedLatent) =>
    sampleExamples(cache, { hookpoint: cache.hookpoint, index: latent }, { compat: "delphi" });

  it("sampleExamples() in its way draws the same windows and the same silent ones, in order", () => {
    let compared = 0;
    for (const record of records) {
      const examples = examplesOf(record);
      expect(examples.windowCount).toBe(record.n_windows);
      expect(examples.maxActivation).toBe(record.max_activation);
      expect(examples.density).toBe(record.per_token_frequency);
      for (const part of ["train", "test"] as const) {
        expect(examples[part].map(windowOf)).toEqual(record[part].map(recorded));
        expect(examples[part].map(({ quantile }) => quantile)).toEqual(record[part].map((w) => w.quantile));
        compared += examples[part].length;
      }
      const top = sampleExamples(cache, examples.latent, {
        compat: "delphi",
        trainSampling: "top",
        train: 5,
      });
      expect(top.train.map(windowOf)).toEqual(record.top_windows.map(recorded));
      expect(examples.nonActivating.map(({ tokens }) => [...tokens])).toEqual(
        record.not_active.map(({ tokens }) => tokens),
      );
    }
    expect(compared).toBe(20 * 90);
  });

  const variants: [name: string, options: SampleExamplesOptions][] = [
    ["train_top", { trainSampling: "top" }],
    ["train_random", { trainSampling: "random" }],
    ["train_mix", { trainSampling: "mixed" }],
    ["center_examples_false", { placement: "centred", minWindows: 50 }],
    ["example_ctx_len_64", { windowLength: 64, minWindows: 100 }],
  ];

  it.each(variants)("draws the windows of the same ranks under its %s", (name, options) => {
    const latents: RecordedVariant[] = read("variants.json")[name];
    expect(latents).toHaveLength(5);
    for (const { latent: index, n_windows, train, test, first_windows } of latents) {
      const latent = { hookpoint: cache.hookpoint, index };
      const sample = (more: SampleExamplesOptions) =>
        sampleExamples(cache, latent, { compat: "delphi", ...options, ...more });
      const drawn = sample({});
      expect(drawn.windowCount).toBe(n_windows);
      // All windows, one slice of a window each, are the ranks.
      const ranked = sample({ trainSampling: "top", train: n_windows, quantiles: n_windows, test: 0 }).train;
      const tokens = (ranks: readonly number[]) => ranks.map((rank) => ranked[rank]?.tokens);
      expect(drawn.train.map((window) => window.tokens)).toEqual(tokens(train));
      expect(drawn.test.map((window) => window.tokens)).toEqual(tokens(test));
      expect(ranked.slice(0, first_windows.length).map(windowOf)).toEqual(first_windows.map(recorded));
    }
  });

  it("has no sampler by values", () => {
    const latent = { hookpoint: cache.hookpoint, index: records[0]?.latent ?? 0 };
    expect(() => sampleExamples(cache, latent, { compat: "delphi", trainSampling: "values" })).toThrow(
      'Cannot sample by "values" as delphi does',
    );
  });

  it.each(["detection", "fuzzing"] as const)(
    "delphiItems() shows the same items of %s in the same order",
    (task) => {
      for (const record of records) {
        const shown = delphiItems(task, examplesOf(record));
        const wanted = record[folders[task]].flatMap(({ examples }) => examples);
        expect(wanted).toHaveLength(100);
        expect(shown.map(({ truth, quantile, text }) => [truth, quantile ?? -1, asTheyWrite(text)])).toEqual(
          wanted.map(({ activating, distance, text }) => [activating, distance, text]),
        );
      }
    },
  );

  it.each(["detection", "fuzzing"] as const)(
    "delphiMetrics() of its recorded judgements of %s are its own",
    (task) => {
      const judged = records.map(({ latent }) => {
        const rows: ScoreRow[] = read("scores", folders[task], `layers.2_latent${latent}.txt`);
        return { latent, judgements: rows.map(judgementOf) };
      });
      expectMetrics(judged, read("metrics.json").scores, task);
    },
  );

  it.each(["detection", "fuzzing"] as const)(
    "delphiScorer() of %s gives its numbers where the judge answers alike",
    async (task) => {
      const predictions: Record<string, number[]> = read("scores_weighted.json")[folders[task]];
      const wanted = read("metrics.json").scores_weighted;
      const judged: JudgedLatent[] = [];
      for (const record of records) {
        const { llm } = reading(predictions[record.latent] ?? []);
        const score = await delphiScorer(task, llm).score(explanation("anything"), examplesOf(record));
        expect(score.also).toEqual(wanted[folders[task]][record.latent]);
        expect(score.value).toBe(wanted[folders[task]][record.latent].accuracy);
        judged.push({ latent: record.latent, judgements: score.judgements });
      }
      expectMetrics(judged, wanted, task);
    },
  );

  /** Each latent's 18 numbers to the last bit, the 19 of all of them to the ten digits that are recorded. */
  function expectMetrics(judged: readonly JudgedLatent[], wanted: RecordedMetrics, task: DelphiTask): void {
    const own = judged.map(({ latent, judgements }) => ({ latent, metrics: delphiMetrics(judgements) }));
    expect(own).toHaveLength(20);
    for (const { latent, metrics } of own) expect(metrics).toEqual(wanted[folders[task]][latent]);
    const weighted_f1 = delphiWeightedF1(
      own.map(({ latent, metrics }) => ({ f1: metrics.f1_score ?? 0, count: cache.stats(latent).count })),
    );
    const pooled = { ...delphiMetrics(judged.flatMap(({ judgements }) => judgements)), weighted_f1 };
    const {
      score_type: _,
      auc,
      ...total
    } = wanted.aggregate.find((row) => row.score_type === folders[task]) ?? {};
    expect(auc).toBeNull();
    expect(
      Object.fromEntries(Object.entries(pooled).map(([name, x]) => [name, Number(x.toFixed(10))])),
    ).toEqual(total);
  }

  it("refuses latents that are none to it", () => {
    const rare = Array.from({ length: cache.dSae }, (_, i) => i).find((i) => cache.stats(i).count < 20) ?? 0;
    const latent = { hookpoint: cache.hookpoint, index: rare };
    expect(() => sampleExamples(cache, latent, { compat: "delphi" })).toThrow(
      /as delphi does: it fires in \d+ windows, and 200 are wanted/,
    );
  });
});

function windowOf({ tokens, activations }: Example): RecordedWindow {
  const firing = [...activations].flatMap((value, i): RecordedWindow["activations"] =>
    value === 0 ? [] : [[i, value]],
  );
  return { tokens: [...tokens], activations: firing };
}

/** The records have six digits after the point, less than a step of half precision. */
function recorded({ tokens, activations }: RecordedWindow): RecordedWindow {
  return { tokens, activations: activations.map(([i, value]) => [i, expect.closeTo(value, 5)]) };
}

/** Answers five at a time from a list. */
function reading(answers: readonly number[]) {
  let asked = 0;
  const llm: TextModel = {
    name: "recorded",
    complete: async () => {
      const text = `[${answers.slice(5 * asked, 5 * ++asked).join(", ")}]`;
      return { text, stop: "end", usage: noUsage, model: "recorded" };
    },
  };
  return { llm };
}

function judgementOf({ activating, distance, prediction }: ScoreRow): Judgement {
  return {
    kind: activating ? "activating" : "non-activating",
    context: 0,
    start: 0,
    text: "",
    quantile: activating ? distance : undefined,
    truth: activating,
    answer:
      prediction === null
        ? { status: "failed", reason: "no prediction" }
        : { status: "ok", value: { yes: prediction } },
  };
}
