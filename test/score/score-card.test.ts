import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { noUsage } from "../../src/llm/text-model.js";
import { gradedScore } from "../../src/score/graded-score.js";
import { scoreCard } from "../../src/score/score-card.js";
import type { Answer, JudgedKind, Judgement } from "../../src/score/scorer.js";
import { scoreOf } from "../../src/score/summarise.js";

let context = 0;

function judgements(
  n: number,
  answer: Answer | undefined,
  { kind = "activating", quantile }: { kind?: JudgedKind; quantile?: number } = {},
): Judgement[] {
  return Array.from({ length: n }, () => ({
    kind,
    context: context++,
    start: 0,
    text: "",
    quantile,
    truth: kind === "activating",
    answer: answer ? { status: "ok", value: answer } : { status: "unparsed", reason: "no list", reply: "?" },
  }));
}

const yes = { yes: true };
const no = { yes: false };
const of = (list: readonly Judgement[]) => ({
  scorer: "detection",
  model: "m",
  judgements: list,
  usage: noUsage,
});

/** 40 of 50 found, 5 of 50 random negatives and 10 of 20 hard ones called so, 6 not answered. */
const score = scoreOf(
  of([
    ...judgements(28, yes, { quantile: 0 }),
    ...judgements(2, no, { quantile: 0 }),
    ...judgements(12, yes, { quantile: 1 }),
    ...judgements(8, no, { quantile: 1 }),
    ...judgements(45, no, { kind: "non-activating" }),
    ...judgements(5, yes, { kind: "non-activating" }),
    ...judgements(10, no, { kind: "same-token" }),
    ...judgements(10, yes, { kind: "same-token" }),
    ...judgements(6, undefined, { kind: "non-activating" }),
  ]),
);

describe("scoreCard()", () => {
  const card = scoreCard(score, { firingRate: 0.01 });
  const value = (name: keyof typeof card.metrics) => card.metrics[name]?.value;

  it("gives the numbers that the counts give by hand", () => {
    // TP 40, FN 10, FP 15, TN 55.
    expect(card).toMatchObject({ n: 120, positiveShare: 50 / 120, unansweredShare: 6 / 126 });
    expect(value("accuracy")).toBeCloseTo(95 / 120, 12);
    expect(value("balanced accuracy")).toBeCloseTo((0.8 + 55 / 70) / 2, 12);
    expect(value("balanced accuracy")).toBe(score.value);
    expect(value("precision")).toBeCloseTo(40 / 55, 12);
    expect(value("recall")).toBeCloseTo(0.8, 12);
    expect(value("F1")).toBeCloseTo(80 / 105, 12);
    expect(value("MCC")).toBeCloseTo((40 * 55 - 15 * 10) / Math.sqrt(55 * 50 * 70 * 65), 12);
  });

  it("counts only random windows as false positives of the natural rate", () => {
    const wanted = (0.01 * 0.8) / (0.01 * 0.8 + 0.99 * 0.1);
    expect(value("precision at the natural rate")).toBeCloseTo(wanted, 12);
    expect(scoreCard(score).metrics).not.toHaveProperty("precision at the natural rate");
  });

  it("gives rates by quantile and by kind of negative, with n", () => {
    expect([...card.byQuantile].map(([q, { value, n }]) => [q, value, n])).toEqual([
      [0, 28 / 30, 30],
      [1, 0.6, 20],
    ]);
    expect([...card.byKind].map(([kind, { value, n }]) => [kind, value, n])).toEqual([
      ["non-activating", 0.9, 50],
      ["same-token", 0.5, 20],
    ]);
  });

  it("gives each an interval that holds it and has a width", () => {
    const all = [...Object.values(card.metrics), ...card.byQuantile.values(), ...card.byKind.values()];
    expect(all).toHaveLength(11);
    for (const { value, interval } of all) {
      expect(interval[0]).toBeLessThanOrEqual(value);
      expect(interval[1]).toBeGreaterThanOrEqual(value);
      expect(interval[1]).toBeGreaterThan(interval[0]);
    }
  });

  it("has AUROC, AUPRC and Brier score where the judge gives probabilities", () => {
    const graded = gradedScore({
      ...of([
        ...judgements(10, { grade: 0.9 }),
        ...judgements(10, { grade: 0.6 }),
        ...judgements(10, { grade: 0.6 }, { kind: "non-activating" }),
        ...judgements(10, { grade: 0.1 }, { kind: "non-activating" }),
      ]),
      grade: "probability",
    });
    const { metrics } = scoreCard(graded, { firingRate: 0.1, resamples: 200 });
    expect(metrics.AUROC?.value).toBeCloseTo(7 / 8, 12);
    expect(metrics.AUPRC?.value).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(metrics["Brier score"]?.value).toBeCloseTo((0.01 + 0.16 + 0.36 + 0.01) / 4, 12);
    expect(metrics.AUPRC?.interval[0]).toBeLessThan(metrics.AUPRC?.value ?? 0);
    expect(metrics).not.toHaveProperty("F1");
    const likeness = scoreCard({ ...graded, grade: "likeness" }, { resamples: 50 });
    expect(likeness.metrics).not.toHaveProperty("Brier score");
  });

  it("of a judge that called nothing positive has no precision, and of one that said nothing no number", () => {
    const silent = scoreOf(of([...judgements(5, no), ...judgements(5, no, { kind: "non-activating" })]));
    expect(scoreCard(silent).metrics).not.toHaveProperty("precision");
    expect(scoreCard(silent).metrics["balanced accuracy"]?.value).toBe(0.5);
    const mute = scoreCard(scoreOf(of(judgements(4, undefined))));
    expect(mute).toMatchObject({ n: 0, unansweredShare: 1, metrics: {} });
  });

  it("shows itself, with the mix and the share without an answer", async () => {
    const bundle = await card[jupyterDisplay]();
    expect(bundle["text/plain"]).toContain(
      "120 judgements, in 42 % of which the latent fires; 5 % of all had no answer",
    );
    expect(bundle["text/plain"]).toMatch(/called so, Q2 +0\.60 0\.39–0\.78 of 20/);
    expect(bundle["text/html"]).toContain("called not so, same-token");
  });
});
