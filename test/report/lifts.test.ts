import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { noUsage } from "../../src/llm/text-model.js";
import { liftsOf } from "../../src/report/lifts.js";
import { meanScoreCards } from "../../src/report/mean-score-cards.js";
import { report } from "../../src/report/report.js";
import { reportHtml } from "../../src/report/report-html.js";
import type { Interpretation } from "../../src/run/interpretation.js";
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
    expect(another?.lift?.interval[0]).toBeGreaterThan(0);
    expect(another?.lift?.interval[1]).toBeLessThanOrEqual(1);
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
  });
});

describe("what a report shows of them", () => {
  it("the table has a line per lift, and labels before explanations", async () => {
    const bundle = await (await report(results))[jupyterDisplay]();
    const line =
      /detection: lift 0\.79 \(\d\.\d\d to \d\.\d\d\) over another latent's explanation, 3 latents\n/;
    expect(bundle["text/plain"]).toMatch(line);
    expect(bundle["text/plain"]).toContain("3 latents; 2 above it (FDR 5 %)");
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
