import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/llm/outcome.js";
import { noUsage } from "../../src/llm/text-model.js";
import type { Answer, Judgement } from "../../src/score/scorer.js";
import { rateByKind, rateByQuantile, scoreOf } from "../../src/score/summarise.js";

const unparsed: Outcome<Answer> = { status: "unparsed", reason: "r", reply: "?" };

function judgement(truth: boolean, answer: boolean | undefined, quantile?: number): Judgement {
  return {
    kind: truth ? "activating" : "non-activating",
    context: 0,
    start: 0,
    text: "",
    quantile,
    truth,
    answer: answer === undefined ? unparsed : { status: "ok", value: { yes: answer } },
  };
}

function score(judgements: Judgement[]) {
  return scoreOf({ scorer: "detection", model: "m", judgements, usage: noUsage });
}

describe("scoreOf()", () => {
  it("gives balanced accuracy with Newcombe's interval, by hand", () => {
    // 3 of 4 positives and 1 of 2 negatives are right: (0.75 + 0.5) / 2.
    const judged = [true, true, true, false].map((a) => judgement(true, a));
    const { value, interval, ...rest } = score([...judged, judgement(false, false), judgement(false, true)]);
    expect(value).toBe(0.625);
    // Wilson (z = 1.96): 3 of 4 is [0.3006, 0.9544]; 1 of 2 is [0.0945, 0.9055].
    expect(interval?.[0]).toBeCloseTo(0.625 - Math.hypot(0.75 - 0.3006, 0.5 - 0.0945) / 2, 3);
    expect(interval?.[1]).toBeCloseTo(0.625 + Math.hypot(0.9544 - 0.75, 0.9055 - 0.5) / 2, 3);
    expect(rest).toMatchObject({ truePositiveRate: 0.75, trueNegativeRate: 0.5, answered: 6, unanswered: 0 });
  });

  it("leaves out what has no answer, and counts it", () => {
    const result = score([
      judgement(true, true),
      judgement(true, undefined),
      judgement(false, undefined),
      judgement(false, false),
    ]);
    expect(result).toMatchObject({ value: 1, answered: 2, unanswered: 2 });
  });

  it("has no value where nothing was answered", () => {
    expect(score([judgement(true, undefined), judgement(false, false)])).toMatchObject({
      value: undefined,
      interval: undefined,
      truePositiveRate: undefined,
      trueNegativeRate: 1,
    });
  });
});

describe("rateByQuantile()", () => {
  it("gives the true positive rate of each slice", () => {
    const judged = [
      judgement(true, true, 0),
      judgement(true, false, 2),
      judgement(true, true, 2),
      judgement(false, true),
    ];
    expect(rateByQuantile(judged, 3)).toEqual([
      { right: 1, answered: 1 },
      { right: 0, answered: 0 },
      { right: 1, answered: 2 },
    ]);
  });
});

describe("rateByKind()", () => {
  it("gives the share judged right of each kind", () => {
    const judged = [judgement(true, true), judgement(true, undefined), judgement(false, true)];
    expect(Object.fromEntries(rateByKind(judged))).toEqual({
      activating: { right: 1, answered: 1 },
      "non-activating": { right: 0, answered: 1 },
    });
  });
});
