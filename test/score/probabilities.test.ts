import { describe, expect, it } from "vitest";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { scoreCard } from "../../src/score/score-card.js";
import { example, explanation, latentExamples, window } from "./made-examples.js";
import { answering, wordScorer } from "./made-judges.js";

const examples = latentExamples({
  test: [" cat", " cat cat", " cow"].map((text, context) =>
    example(text.split(/(?= )/), [[0, 1]], { context }),
  ),
  nonActivating: [" dog", " cat dog"].map((text, i) => window(text.split(/(?= )/), [], { context: 10 + i })),
});

describe("a judge that states how sure it is", () => {
  const sure: Record<string, string> = {
    " cat": "90%",
    " cat cat": "100%",
    " cow": "20%",
    " dog": "0%",
    " cat dog": "50%",
  };
  const llm = answering(({ messages }) => {
    const lines = messages.at(-1)?.content.split("\n") ?? [];
    const texts = lines.flatMap((line) => /^Example \d: (.*)$/.exec(line)?.[1] ?? []);
    return `[${texts.map((text) => sure[text]).join(", ")}]`;
  });

  it("has a Brier score and an AUROC beside balanced accuracy, by hand", async () => {
    const score = await detection(llm, { confidence: true }).score(explanation("cat"), examples);
    // Yes from 50 % on: 2 of 3 and 1 of 2.
    expect(score.value).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
    expect(score).toMatchObject({ measure: "balanced accuracy", grade: "probability", answered: 5 });
    expect(score.also?.["Brier score"]).toBeCloseTo((0.1 ** 2 + 0 + 0.8 ** 2 + 0 + 0.5 ** 2) / 5, 12);
    // Of six pairs one is wrong: cow against cat dog.
    expect(score.also?.AUROC).toBeCloseTo(5 / 6, 12);
    expect(score.alsoIntervals?.AUROC?.[0]).toBeLessThan(5 / 6);
    // A metric of every card is not said twice.
    expect(scoreCard(score).also).toEqual({});
  });

  it("gives no answer where it says yes and no instead", async () => {
    const plain = answering(() => "[1, 0, 1, 0, 1]");
    const negatives = ["non-activating"] as const;
    const score = await fuzzing(plain, { confidence: true, negatives }).score(explanation("cat"), examples);
    expect(score).toMatchObject({ value: undefined, answered: 0, unanswered: 5, also: {} });
  });
});

describe("a judge that gives probabilities", () => {
  it("is shown one text at a time, and says yes to what is likelier", async () => {
    const model = wordScorer((_, segment) => (/^ cat/.test(segment) ? "1" : "0"));
    const score = await detection(model).score(explanation("cat"), examples);
    expect(model.calls).toHaveLength(5);
    expect(new Set(model.calls.map(({ prefix }) => prefix)).size).toBe(1);
    expect(score.value).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
    // 0.75 and 0.25: two of three right, one of two right.
    expect(score.also?.["Brier score"]).toBeCloseTo((3 * 0.25 ** 2 + 2 * 0.75 ** 2) / 5, 6);
    expect(score.also?.AUROC).toBeCloseTo((2 + 2 * 0.5 + 0.5) / 6, 12);
  });

  it("counts a text that it cannot read, and judges the others", async () => {
    const model = wordScorer(() => "1");
    const choose: typeof model.choose = (prefix, segments, options) =>
      segments.some((segment) => segment.includes("cow"))
        ? Promise.reject(new RangeError("too long"))
        : model.choose(prefix, segments, options);
    const score = await detection({ ...model, choose }).score(explanation("cat"), examples);
    expect(score).toMatchObject({ answered: 4, unanswered: 1, truePositiveRate: 1, trueNegativeRate: 0 });
  });
});
