import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import type { SetHashes } from "../../src/examples/example.js";
import { noUsage } from "../../src/llm/text-model.js";
import { seededRandom } from "../../src/random.js";
import { compareRuns } from "../../src/report/compare-runs.js";
import { report } from "../../src/report/report.js";
import { scorerCorrelations } from "../../src/report/scorer-correlations.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import type { Judgement, Score } from "../../src/score/scorer.js";
import { scoreOf } from "../../src/score/summarise.js";

/** A score of 100 judgements, each right with the chance `p`. */
function drawn(scorer: string, p: number, seed: string): Score {
  const random = seededRandom(seed);
  const judgements = Array.from({ length: 100 }, (_, i): Judgement => {
    const truth = i % 2 === 0;
    const right = random.random() < p;
    return {
      kind: truth ? "activating" : "non-activating",
      context: i,
      start: 0,
      text: "",
      quantile: truth ? 0 : undefined,
      truth,
      answer: { status: "ok", value: { yes: right ? truth : !truth } },
    };
  });
  return scoreOf({ scorer, model: "m", judgements, usage: noUsage });
}

function scored(
  index: number,
  scores: Score[],
  examplesHash = `h${index}`,
  setHashes?: SetHashes,
): Interpretation {
  const latent = { hookpoint: "layers.1", index };
  const explanation = { latent, text: "words", explainer: "e", model: "m", usage: noUsage };
  const facts = { density: 0.01, maxActivation: 5, examplesHash, ...(setHashes && { setHashes }) };
  return { status: "scored", latent, explanation, scores, ...facts };
}

const latents = Array.from({ length: 30 }, (_, i) => i);
const skill = (i: number) => 0.55 + 0.4 * (i / 30);
const run = (seed: string, more = 0, hash?: string) =>
  report(
    latents.map((i) =>
      scored(
        i,
        [
          drawn("detection", Math.min(1, skill(i) + more), `${seed} d ${i}`),
          drawn("fuzzing", skill(i), `${seed} f ${i}`),
        ],
        hash && `${hash}${i}`,
      ),
    ),
  );

describe("compareRuns()", () => {
  it("tells on how many latents one run is right more often, judgement by judgement", async () => {
    const of = (skills: readonly number[], seed: string) =>
      report(skills.map((p, i) => scored(i, [drawn("detection", p, `${seed} ${i}`)])));
    const [found] = compareRuns(await of([0.95, 0.95, 0.6, 0.5], "a"), await of([0.5, 0.6, 0.6, 0.95], "b"));
    expect(found?.differing).toEqual({ first: 2, second: 1, of: 4 });
    const [same] = compareRuns(await of([0.9, 0.8, 0.7], "a"), await of([0.9, 0.8, 0.7], "a"));
    expect(same?.differing).toEqual({ first: 0, second: 0, of: 3 });
  });

  it("pairs latents that were judged on the same examples, and tests each scorer", async () => {
    const [detection, fuzzing] = compareRuns(await run("a", 0.1), await run("b"));
    expect(detection).toMatchObject({ scorer: "detection", paired: true, latents: [30, 30] });
    expect(detection?.difference.value).toBeCloseTo(
      (detection?.means[0] ?? 0) - (detection?.means[1] ?? 0),
      12,
    );
    expect(detection?.difference.interval[0]).toBeGreaterThan(0);
    expect(detection?.pValue).toBeLessThan(0.001);
    expect(fuzzing?.pValue).toBeGreaterThan(0.05);
    // Holm: the least of two is doubled, the other stays.
    expect(detection?.adjusted).toBeCloseTo(2 * (detection?.pValue ?? 0), 12);
    expect(fuzzing?.adjusted).toBeCloseTo(Math.max(fuzzing?.pValue ?? 0, detection?.adjusted ?? 0), 12);
    expect(fuzzing?.lift?.interval[0]).toBeLessThan(0);
    expect(fuzzing?.lift?.interval[1]).toBeGreaterThan(0);
  });

  it("takes runs on other examples as samples of their own, unless latents are said to be pairs", async () => {
    const [first, second] = [await run("a", 0.1), await run("b", 0, "other")];
    const [apart] = compareRuns(first, second);
    expect(apart).toMatchObject({ paired: false, latents: [30, 30] });
    const [byLatent] = compareRuns(first, second, { pairBy: "latent", adjust: "benjamini-hochberg" });
    expect(byLatent).toMatchObject({ paired: true });
    expect(byLatent?.difference.value).toBeCloseTo(apart?.difference.value ?? 0, 12);
    const width = ({ interval: [low, high] }: { interval: readonly [number, number] }) => high - low;
    expect(width(byLatent?.difference ?? { interval: [0, 9] })).toBeLessThan(
      width(apart?.difference ?? { interval: [0, 0] }),
    );
  });

  it("pairs latents that were judged on the same windows, whatever else was sampled", async () => {
    const none = { select: "", calibrate: "" };
    const of = (hash: string, sets?: Partial<SetHashes>) =>
      report(
        [0.9, 0.8, 0.7, 0.6].map((p, i) => {
          const names = sets && { train: hash, test: `t${i}`, nonActivating: `n${i}`, ...none, ...sets };
          return scored(i, [drawn("detection", p, `${hash} ${i}`)], `${hash}${i}`, names);
        }),
      );
    const pairs = async (a: ReturnType<typeof of>, b: ReturnType<typeof of>) =>
      compareRuns(await a, await b).map(({ paired }) => paired);
    expect(await pairs(of("a", {}), of("b", {}))).toEqual([true]);
    expect(await pairs(of("a", {}), of("b", { nonActivating: "others" }))).toEqual([false]);
    expect(await pairs(of("a", {}), of("b", { test: "others" }))).toEqual([false]);
    // Results of earlier versions name no sets: all their examples must be the same.
    expect(await pairs(of("a"), of("b", {}))).toEqual([false]);
    expect(await pairs(of("a"), of("a", {}))).toEqual([true]);
  });

  it("agrees with Welch's test as scipy has it", async () => {
    // scipy.stats.ttest_ind([0.9, 0.8, 0.7, 0.95], [0.6, 0.65, 0.5], equal_var=False).pvalue
    const of = (values: number[], hash: string) =>
      report(
        values.map((value, i) => scored(i, [{ ...drawn("detection", 0.5, "x"), value }], `${hash}${i}`)),
      );
    const [found] = compareRuns(await of([0.9, 0.8, 0.7, 0.95], "a"), await of([0.6, 0.65, 0.5], "b"));
    expect(found?.pValue).toBeCloseTo(0.015754731993630304, 9);
  });

  it("says how many latents would tell a difference of 0.05", async () => {
    const of = (values: number[], hash = "") =>
      report(
        values.map((value, i) => scored(i, [{ ...drawn("detection", 0.5, "x"), value }], `${hash}${i}`)),
      );
    // Differences 0.1, 0, 0.2, 0.1: variance 0.02 / 3; (1.96 + 0.8416)² · 0.00667 / 0.05² = 20.93.
    const pairs = compareRuns(await of([0.9, 0.8, 0.9, 0.7]), await of([0.8, 0.8, 0.7, 0.6]));
    expect(pairs[0]).toMatchObject({ paired: true, needed: 21 });
    const bundle = await pairs[jupyterDisplay]();
    expect(bundle["text/plain"]).toMatch(
      /\npairs to tell a difference of 0\.05 \(80 % power\): detection 21 \(17 more\)$/,
    );
    expect(bundle["text/html"]).toContain("detection 21 (17 more)");
    // Pooled variance (0.0275 + 0.0275) / 7; twice that for a difference: 49.3.
    const apart = compareRuns(await of([0.9, 0.8, 0.9, 0.7]), await of([0.8, 0.8, 0.7, 0.6], "other"));
    expect(apart[0]).toMatchObject({ paired: false, needed: 50 });
    // Of one run: the same with its own variance, 0.0275 / 3.
    const { "text/plain": alone } = await (await of([0.9, 0.8, 0.9, 0.7]))[jupyterDisplay]();
    expect(alone).toContain(
      "latents to tell a difference of 0.05 to another run (80 % power): detection 58 (54 more); fewer where both score the same latents\n",
    );
    const equal = compareRuns(await of([0.9, 0.9, 0.9]), await of([0.9, 0.9, 0.9]));
    expect(equal[0]?.needed).toBeUndefined();
  });

  it("shows itself, and refuses runs that have nothing in common", async () => {
    const compared = compareRuns(await run("a", 0.1), await run("b"));
    const bundle = await compared[jupyterDisplay]();
    expect(bundle["text/plain"]).toMatch(/^scorer +latents +first +second +difference/);
    expect(bundle["text/html"]).toContain("30 pairs");
    const other = await report([scored(0, [drawn("simulation", 0.7, "s")])]);
    expect(() => compareRuns(other, other)).toThrow(
      'Cannot compare runs with "simulation" and "simulation": no scorer has three latents in both',
    );
  });
});

describe("scorerCorrelations()", () => {
  it("gives intervals, and what is left without the noise of judgements", async () => {
    const [found, ...others] = scorerCorrelations(await run("a"));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ scorers: ["detection", "fuzzing"], latents: 30 });
    // The skills of the two are the same: what keeps their scores apart is noise.
    expect(found?.pearson.value).toBeLessThan(0.95);
    expect(found?.disattenuated?.value).toBeGreaterThan(found?.pearson.value ?? 1);
    expect(found?.disattenuated?.interval[1]).toBeGreaterThan(0.95);
    for (const reliability of found?.reliabilities ?? []) {
      expect(reliability).toBeGreaterThan(0.5);
      expect(reliability).toBeLessThan(1);
    }
    expect(found?.spearman.interval[0]).toBeLessThan(found?.spearman.value ?? 0);
  });

  it("says nothing of three latents, and shows itself", async () => {
    const few = await report(
      latents.slice(0, 3).map((i) => scored(i, [drawn("a", 0.5, `${i}`), drawn("b", 0.5, `b${i}`)])),
    );
    expect(scorerCorrelations(few)).toEqual([]);
    const bundle = await scorerCorrelations(await run("a"))[jupyterDisplay]();
    expect(bundle["text/plain"]).toMatch(/detection and fuzzing +30 +0\.\d\d \(0\.\d\d to 0\.\d\d\)/);
  });
});
