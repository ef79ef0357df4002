import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { noUsage } from "../../src/llm/text-model.js";
import { headlineLines } from "../../src/report/lift-table.js";
import { headlinesOf, liftsOf } from "../../src/report/lifts.js";
import { meanScoreCards } from "../../src/report/mean-score-cards.js";
import { report } from "../../src/report/report.js";
import { reportHtml } from "../../src/report/report-html.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import type { NullRun } from "../../src/run/null-run.js";
import type { NullScore } from "../../src/run/null-scores.js";
import type { Judgement } from "../../src/score/scorer.js";
import { scoreOf } from "../../src/score/summarise.js";

/** Twenty judgements, of which so many of either class are right, and one that has no answer. */
function judgements(rightYes: number, rightNo: number): Judgement[] {
  const one = (truth: boolean, right: boolean): Judgement => ({
    kind: truth ? "activating" : "non-activating",
    context: 0,
    start: 0,
    text: "",
    quantile: truth ? 0 : undefined,
    truth,
    answer: { status: "ok", value: { yes: truth === right } },
  });
  const list = (truth: boolean, right: number) => Array.from({ length: 10 }, (_, i) => one(truth, i < right));
  const mute: Judgement = { ...one(false, true), answer: { status: "unparsed", reason: "no list" } };
  return [...list(true, rightYes), ...list(false, rightNo), mute];
}

function scored(index: number, right: [number, number], nulls: Partial<NullScore>[]): Interpretation {
  const latent = { hookpoint: "layers.1", index };
  const usage = noUsage;
  return {
    status: "scored",
    latent,
    density: 0.01,
    maxActivation: 5,
    firingRate: 0.1,
    labels: index === 0 ? ["unigram"] : [],
    explanation: { latent, text: `words ${index}`, explainer: "e", model: "m", usage },
    scores: [scoreOf({ scorer: "detection", model: "judge", judgements: judgements(...right), usage })],
    nulls: nulls.map((one) => ({
      kind: "blank",
      scorer: "detection",
      value: undefined,
      interval: undefined,
      ...one,
    })),
    examplesHash: "0",
  };
}

const results = [
  scored(
    0,
    [10, 10],
    [
      { kind: "another latent", value: 0.5 },
      { kind: "shuffled labels", value: 0.5, pValue: 0.001 },
    ],
  ),
  scored(
    1,
    [10, 8],
    [
      { kind: "another latent", value: 0.6 },
      { kind: "shuffled labels", value: 0.5, pValue: 0.02 },
    ],
  ),
  scored(
    2,
    [8, 8],
    [
      { kind: "another latent", value: 0.5 },
      { kind: "shuffled labels", value: 0.5, pValue: 0.5 },
    ],
  ),
  scored(3, [9, 9], [{ kind: "another latent", value: undefined }, {}]),
];

describe("liftsOf()", () => {
  it("is the share of the way from the nulls' mean to 1, over latents that have both numbers", async () => {
    const [another, shuffled, ...others] = liftsOf(await report(results));
    expect(others).toEqual([]);
    expect(another).toMatchObject({ scorer: "detection", over: "another latent", latents: 3 });
    expect(another?.score).toBeCloseTo((1 + 0.9 + 0.8) / 3, 12);
    expect(another?.lift?.value).toBeCloseTo((0.5 + 0.3 + 0.3) / (0.5 + 0.4 + 0.5), 12);
    // Three latents of which the null is far below show nothing for sure: t is 4.3.
    expect(another?.lift?.interval[0]).toBeLessThan(0);
    expect(another?.lift?.interval[1]).toBeGreaterThan(0.95);
    expect(another?.lift?.interval[1]).toBeLessThan(1);
    // Adjusted: 0.003, 0.03, 0.5.
    expect(shuffled).toMatchObject({ over: "shuffled labels", discoveries: 2 });
    expect(another).not.toHaveProperty("discoveries");
  });

  it("gives no interval of two latents, and no lift over nulls that are perfect", async () => {
    const [two] = liftsOf(await report(results.slice(0, 2)));
    expect(two).toMatchObject({ latents: 2, lift: undefined });
    const perfect = [0, 1, 2].map((i) => scored(i, [10, 10], [{ kind: "unigram rule", value: 1 }]));
    expect(liftsOf(await report(perfect))).toMatchObject([{ latents: 3, nullScore: 1, lift: undefined }]);
  });
});

describe("meanScoreCards()", () => {
  it("is the mean over latents, with the latent as the unit", async () => {
    const [card] = meanScoreCards(await report(results));
    expect(card).toMatchObject({ scorer: "detection", model: "judge", judgements: 80, positiveShare: 0.5 });
    expect(card?.unansweredShare).toBeCloseTo(4 / 84, 12);
    const { recall } = card?.metrics ?? {};
    expect(recall).toMatchObject({ count: 4, clusters: 4 });
    expect(recall?.value).toBeCloseTo((1 + 1 + 0.8 + 0.9) / 4, 12);
    // Student's t with 3 degrees of freedom: 3.182 · s / √4, s = 0.0957.
    expect((recall?.interval[1] ?? 0) - (recall?.value ?? 0)).toBeCloseTo(0.1523, 3);
    expect(card?.metrics["precision at the natural rate"]?.count).toBe(4);
    expect(card?.also).toEqual({});
  });

  it("has the scorer's own numbers, too, of the latents that have them", async () => {
    const own = (result: Interpretation, purity: number): Interpretation => {
      if (result.status !== "scored") return result;
      const [score] = result.scores;
      const also = { also: { purity }, alsoIntervals: { purity: [0, 1] as const } };
      return { ...result, scores: score ? [{ ...score, ...also }] : [] };
    };
    const found = await report(results.map((one, i) => (i < 2 ? own(one, 0.5 + 0.2 * i) : one)));
    expect(meanScoreCards(found)[0]?.also.purity).toMatchObject({ count: 2 });
    const page = await reportHtml(found);
    expect(page).toMatch(/purity.*0\.60/);
    expect(page).toMatch(/purity<\/td>.*0\.70 0\.00–1\.00/);
  });
});

describe("null runs in a report", () => {
  const usage = { inputTokens: 900, outputTokens: 100, cachedInputTokens: 0 };
  const nullRun = (kind: NullRun["kind"], rights: [number, number][]): NullRun => ({
    ...{ status: "null run", kind, madeOf: "2,000 random directions" },
    results: rights.map((right, i) => {
      const result = scored(i, right, []);
      return result.status === "scored"
        ? { ...result, explanation: { ...result.explanation, usage } }
        : result;
    }),
  });
  // Means of 0.6, 0.5 and 0.7 beside 0.9.
  const runs: NullRun[] = [
    nullRun("random model", [
      [6, 6],
      [5, 7],
      [7, 6],
      [5, 6],
    ]),
    nullRun("random coder", [
      [5, 5],
      [5, 5],
      [5, 5],
    ]),
    nullRun("neurons", [
      [7, 7],
      [8, 7],
    ]),
  ];

  it("are means over other latents, whose lift has the intervals of both", async () => {
    const found = liftsOf(await report([...results, ...runs]));
    const over = (kind: string) => found.find((one) => one.over === kind);
    expect(over("random model")).toMatchObject({ scorer: "detection", latents: 4, nullLatents: 4 });
    expect(over("random model")?.score).toBeCloseTo(0.9, 12);
    expect(over("random model")?.nullScore).toBeCloseTo(0.6, 12);
    expect(over("random model")?.lift?.value).toBeCloseTo(0.75, 12);
    // Nothing is known of how far nulls differ that are all equal; the interval is that of the scores.
    expect(over("random coder")?.lift?.value).toBeCloseTo(0.8, 12);
    // Two latents have no interval.
    expect(over("neurons")).toMatchObject({ nullLatents: 2, lift: undefined });
  });

  it("can be the strongest null, which the list of tokens is not", async () => {
    const rival = results.map((result) =>
      result.status === "scored"
        ? {
            ...result,
            nulls: [
              ...(result.nulls ?? []),
              { kind: "unigram rule", scorer: "detection", value: 0.95, interval: undefined } as const,
            ],
          }
        : result,
    );
    const [headline, ...others] = headlinesOf(await report([...rival, ...runs]));
    expect(others).toEqual([]);
    // Another latent's explanation has 0.53 on three of them: a lift of 0.79.
    expect(headline).toMatchObject({ scorer: "detection", over: "random model" });
    expect(headlinesOf(await report(rival))[0]).toMatchObject({ over: "another latent" });
    // 0.9 beside 0.95: twice as much is missing.
    expect(headline?.overUnigramRule?.value).toBeCloseTo(-1, 12);
    const shown = await report([...rival, ...runs]);
    const line =
      /detection: lift 0\.75 \(\S+ to \S+\) over the strongest null, which is a model with random weights; -1\.00 \(\S+ to \S+\) over the best list of tokens, which may do as well/;
    const { "text/plain": text, "text/html": notebook } = await shown[jupyterDisplay]();
    for (const surface of [text, notebook, await reportHtml(shown)]) expect(surface).toMatch(line);
  });

  it("says that the best list of tokens does better, or nothing of it where explanations do", async () => {
    const beside = (value: number) =>
      report([
        ...Array.from({ length: 6 }, (_, i) =>
          scored(i, [9, 8 + (i % 3)], [{ kind: "unigram rule", value }]),
        ),
        ...runs,
      ]);
    expect(headlineLines(await beside(0.99))[0]).toMatch(/the best list of tokens, which does better$/);
    expect(headlineLines(await beside(0.5))[0]).toMatch(/; 0\.80 \(.*\) over the best list of tokens$/);
  });

  it("are no rows of the run, and are shown with what they cost or why there are none", async () => {
    const none: NullRun = {
      status: "null run",
      kind: "neurons",
      results: [],
      reason: "there are no neurons",
    };
    const found = await report([...results, ...runs.slice(0, 2), none]);
    expect(found.rows).toHaveLength(4);
    expect(found.outcomes.latents).toEqual({ ok: 4 });
    const { "text/plain": text } = await found[jupyterDisplay]();
    expect(text).toMatch(
      /^detection: lift 0\.75 \(0\.\d\d to \d\.\d\d\) over the strongest null, which is a model with random weights$/m,
    );
    expect(text).toMatch(/^a model with random weights +0\.75 \(.*\) +4 and 4 of these$/m);
    expect(text).toContain(
      "null run, a model with random weights: 4 latents (2,000 random directions); 4,000 tokens of the language model\n",
    );
    expect(text).toContain("not held against neurons of the model: there are no neurons\n");
    const page = await reportHtml(found);
    expect(page).toContain("<b>detection: lift 0.75");
    expect(page).toContain("not held against neurons of the model");
  });

  it("say so where nothing is above them", async () => {
    const found = await report([
      ...results,
      nullRun("random model", [
        [10, 10],
        [8, 9],
        [9, 9],
      ]),
    ]);
    const { "text/plain": text } = await found[jupyterDisplay]();
    expect(text).toMatch(/over the strongest null, which is a model with random weights; not above it$/m);
  });
});

describe("what a report shows of them", () => {
  it("the table has a row per null, and labels before explanations", async () => {
    const bundle = await (await report(results))[jupyterDisplay]();
    expect(bundle["text/plain"]).toMatch(/^lift over +detection +latents$/m);
    expect(bundle["text/plain"]).toMatch(
      /^another latent's explanation +0\.79 \(-?\d\.\d\d to \d\.\d\d\) +3$/m,
    );
    expect(bundle["text/plain"]).toMatch(/^shuffled labels +.*, 2 above it \(FDR 5 %\) +3$/m);
    expect(bundle["text/html"]).toContain("another latent&#39;s explanation");
    expect(bundle["text/plain"]).toContain("[unigram] words 0");
    expect(bundle["text/html"]).toContain("[unigram] words 0");
  });

  it("the page has lifts, mean cards and one of each latent", async () => {
    const page = await reportHtml(await report(results));
    expect(page).toContain("What the scores are worth");
    expect(page).toContain("another latent&#39;s explanation");
    expect(page).toContain("precision at the natural rate");
    expect(page.match(/<details>/g)).toHaveLength(4);
    const bare = await reportHtml(await report([{ ...results[0], nulls: [] } as Interpretation]));
    expect(bare).not.toContain("What the scores are worth");
  });
});
