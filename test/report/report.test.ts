import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { noUsage } from "../../src/llm/text-model.js";
import { accuracyByQuantile } from "../../src/report/accuracy-by-quantile.js";
import { chartSvg } from "../../src/report/chart.js";
import { report } from "../../src/report/report.js";
import { reportHtml } from "../../src/report/report-html.js";
import { scoreHistogram } from "../../src/report/score-histogram.js";
import { tableText } from "../../src/report/table.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import type { Judgement, Score } from "../../src/score/scorer.js";

function judgement(truth: boolean, said: boolean | "unparsed", quantile?: number): Judgement {
  return {
    kind: truth ? "activating" : "non-activating",
    context: 0,
    start: 0,
    text: "text",
    quantile,
    truth,
    answer:
      said === "unparsed"
        ? { status: "unparsed", reason: "no list" }
        : { status: "ok", value: { yes: said } },
  };
}

function score(scorer: string, value: number, judgements: Judgement[] = []): Score {
  const answered = judgements.filter(({ answer }) => answer.status === "ok").length;
  return {
    scorer,
    model: "judge",
    measure: "balanced accuracy",
    chance: 0.5,
    value,
    interval: [value - 0.1, value + 0.1],
    truePositiveRate: value,
    trueNegativeRate: value,
    answered,
    unanswered: judgements.length - answered,
    judgements,
    usage: noUsage,
  };
}

function scored(index: number, text: string, scores: Score[]): Interpretation {
  const latent = { hookpoint: "layers.1", index };
  return {
    status: "scored",
    latent,
    density: 0.0123,
    maxActivation: 5,
    explanation: { latent, text, explainer: "top-activations", model: "writer", usage: noUsage },
    scores,
    examplesHash: "0",
  };
}

const judged = [
  judgement(true, true, 0),
  judgement(true, true, 0),
  judgement(true, false, 9),
  judgement(true, "unparsed", 9),
  judgement(false, false),
];
const results: Interpretation[] = [
  scored(7, "the word <b>“cat”</b>", [score("detection", 0.9, judged), score("fuzzing", 0.8)]),
  scored(8, "dogs", [score("detection", 0.7), score("fuzzing", 0.6)]),
  {
    status: "skipped",
    latent: { hookpoint: "layers.1", index: 9 },
    reason: "it fires in 3 windows, 100 are wanted",
  },
];

describe("report()", () => {
  it("keeps failures as rows and says who made the numbers", async () => {
    const made = await report(results);
    expect(made.rows.map(({ status }) => status)).toEqual(["scored", "scored", "skipped"]);
    expect(made.scorers).toEqual(["detection", "fuzzing"]);
    expect(made.madeBy).toBe("Explanations by writer; scored with detection by judge; fuzzing by judge");
    expect(made.summary).toEqual([
      "detection: median 0.80 over 2 of 3 latents",
      "fuzzing: median 0.70 over 2 of 3 latents",
    ]);
  });

  it("shows itself as text and as HTML in which explanations are text", async () => {
    const bundle = await (await report(results))[jupyterDisplay]();
    expect(Object.keys(bundle)).toEqual(["text/plain", "text/html"]);
    expect(bundle["text/html"]).toContain("the word &lt;b&gt;“cat”&lt;/b&gt;");
    expect(bundle["text/html"]).not.toContain("<style");
  });

  it("tableText() prints one line per latent, cut to the width, with unanswered judgements marked", async () => {
    const lines = tableText(await report(results), 60).split("\n");
    expect(lines[0]).toMatch(/^latent\s+density\s+detection\s+fuzzing\s+explanation$/);
    expect(lines[2]).toMatch(/^layers\.1:7\s+1\.23 %\s+0\.90\*\s+0\.80\s+the word/);
    expect(lines[4]).toMatch(/^layers\.1:9\s+–\s+–\s+–\s+skipped: it fires/);
    expect(Math.max(...lines.slice(0, 5).map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it("says how many latents, scores and answers came to what", async () => {
    const line = "latents: 2 ok, 1 skipped; scores: 4 ok; answers: 4 ok, 1 unparsed";
    const made = await report(results);
    expect(tableText(made).split("\n")).toContain(line);
    expect(await reportHtml(made)).toContain(line);
  });

  it("shows two judges of a latent side by side, in table, charts and page", async () => {
    const by = (model: string, value: number) => ({ ...score("detection", value, judged), model });
    const made = await report([
      scored(7, "cats", [by("ann", 0.9), by("bob", 0.6), score("fuzzing", 0.8)]),
      scored(8, "dogs", [by("ann", 0.7), by("bob", 0.5), score("fuzzing", 0.8)]),
    ]);
    const names = ["detection (ann)", "detection (bob)", "fuzzing"];
    expect(made.scorers).toEqual(names);
    expect(made.summary).toContain("detection (bob): median 0.55 over 2 of 2 latents");
    expect(made.madeBy).toContain("detection (ann) by ann; detection (bob) by bob; fuzzing by judge");
    expect(tableText(made)).toMatch(/^layers\.1:7 +1\.23 % +0\.90\* +0\.60\* +0\.80 /m);
    expect(scoreHistogram(made).description).toContain(
      "detection (ann) median 0.80, detection (bob) median 0.55",
    );
    expect(accuracyByQuantile(made).description).toContain("detection (bob) Q1 1.00");
    const page = await reportHtml(made);
    for (const name of names) expect(page).toContain(`${name}</th>`);
    expect(page).toContain("0.60 <span");
  });

  it("keeps a column for a scorer that failed, and says why", async () => {
    const { status: _, ...rest } = scored(7, "cats", [score("detection", 0.9)]) as Extract<
      Interpretation,
      { status: "scored" }
    >;
    const unscored = [{ scorer: "generation", model: "m", reason: "it is <too> long" }];
    const made = await report([{ status: "scored", ...rest, unscored }]);
    expect(made.scorers).toEqual(["detection", "generation"]);
    expect(tableText(made)).toMatch(/^layers\.1:7 .* 0\.90 +– +cats$/m);
    expect(tableText(made)).toContain("scores: 1 ok, 1 failed");
    expect(await reportHtml(made)).toContain('title="it is &lt;too&gt; long"');
  });

  it("works on a report without a single scored latent", async () => {
    const empty = await report(results.slice(2));
    expect(empty.madeBy).toBe("No latent was explained");
    expect(await reportHtml(empty)).toContain("skipped: it fires in 3 windows");
  });
});

describe("scoreHistogram()", () => {
  it("has one value per latent and scorer, and says its medians in words", async () => {
    const chart = scoreHistogram(await report(results));
    expect(chart.spec).toMatchObject({
      data: { values: [0.9, 0.7, 0.8, 0.6].map((value) => ({ score: value })) },
    });
    expect(chart.description).toBe(
      "Histogram of 4 scores: detection median 0.80, fuzzing median 0.70; 0.5 is chance",
    );
  });

  it("is drawn by the Vega-Lite that JupyterLab has, without a warning", async () => {
    const svg = await chartSvg(scoreHistogram(await report(results)));
    expect(svg).toMatch(/^<svg/);
    expect(svg).toContain("score");
  });

  it("shows itself as Vega-Lite, SVG and words, and never as HTML, which would win over the chart", async () => {
    const bundle = await scoreHistogram(await report(results), "fuzzing")[jupyterDisplay]();
    expect(Object.keys(bundle)).toEqual(["application/vnd.vegalite.v5+json", "image/svg+xml", "text/plain"]);
  });

  it("leaves out a scorer whose judge never answered", async () => {
    const { value: _, ...silent } = score("fuzzing", 0.5);
    const made = await report([
      scored(7, "cats", [score("detection", 0.9), { ...silent, value: undefined }]),
    ]);
    expect(scoreHistogram(made).description).toBe(
      "Histogram of 1 scores: detection median 0.90; 0.5 is chance",
    );
    expect(await reportHtml(made)).toContain("fuzzing: median none over 0 of 1 latents");
  });

  it("throws when there is no score of that scorer", async () => {
    const made = await report(results);
    expect(() => scoreHistogram(made, "simulation")).toThrow('Cannot draw scores of "simulation"');
  });
});

describe("scores of other measures", () => {
  const likeness: Score = {
    ...score("embedding", 0.75, [
      { ...judgement(true, true, 0), answer: { status: "ok", value: { grade: 0.4 } } },
    ]),
    measure: "AUROC",
    grade: "likeness",
  };
  const simulated: Score = { ...score("simulation", -0.25), measure: "correlation", chance: 0 };

  it("are named under the table, and drawn with their own chance", async () => {
    const made = await report([scored(7, "cats", [score("detection", 0.9), likeness, simulated])]);
    const page = await reportHtml(made);
    expect(page).toContain("detection: balanced accuracy, 0.50 is chance. embedding: AUROC, 0.50 is chance");
    expect(page).toContain("simulation: correlation, 0.00 is chance");
    expect(scoreHistogram(made).description).toContain("detection 0.5 embedding 0.5 simulation 0 is chance");
  });

  it("have no accuracies by strength where there is no yes or no", async () => {
    const made = await report([scored(7, "cats", [likeness])]);
    expect(() => accuracyByQuantile(made)).toThrow(RangeError);
    expect(await reportHtml(made)).not.toContain("Share judged right");
  });
});

describe("accuracyByQuantile()", () => {
  it("counts answered judgements by quantile and kind, with Wilson intervals", async () => {
    const { spec, description } = accuracyByQuantile(await report(results));
    expect(description).toBe(
      "Share judged right by strength: detection silent 1.00, detection Q1 1.00, detection Q10 0.00",
    );
    // Wilson, 2 of 2: low = 1 / (1 + z² / 2) with z = 1.959964.
    const [, first] = (spec as unknown as { data: { values: { low: number; high: number; n: number }[] } })
      .data.values;
    expect(first?.n).toBe(2);
    expect(first?.low).toBeCloseTo(1 / (1 + 1.959964 ** 2 / 2), 4);
    expect(first?.high).toBeCloseTo(1, 10);
  });
});
