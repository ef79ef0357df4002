import { describe, expect, it } from "vitest";
import { write } from "../../src/llm/pattern/write-sentence.js";
import { execution } from "../../src/score/execution.js";
import { wilson } from "../../src/stats/wilson.js";
import { example, explanation, latentExamples, tokenLatent, window } from "./made-examples.js";

describe("execution()", () => {
  const examples = latentExamples({
    test: [
      example(
        [" a", " cat", " and", " cat"],
        [
          [1, 2],
          [3, 1],
        ],
        { context: 1 },
      ),
      example([" a", " hen"], [[1, 2]], { context: 2 }),
    ],
    nonActivating: [window([" no", " cat"], [], { context: 3 }), window([" dog"], [], { context: 4 })],
  });
  const pattern = { clauses: [{ target: { kind: "word", words: ["cat"] } }] } as const;

  it("judges windows and tokens by what the pattern claims, by hand", async () => {
    const score = await execution().score({ ...explanation("cats"), pattern }, examples);
    expect(score).toMatchObject({
      measure: "balanced accuracy",
      value: 0.5,
      truePositiveRate: 0.5,
      trueNegativeRate: 0.5,
      answered: 4,
    });
    // Tokens: two claimed rightly, one wrongly, one missed.
    expect(score.also?.["precision of tokens"]).toBeCloseTo(2 / 3, 12);
    expect(score.also?.["recall of tokens"]).toBeCloseTo(2 / 3, 12);
    expect(score.also?.["F1 of tokens"]).toBeCloseTo(2 / 3, 12);
    const [low, high] = score.alsoIntervals?.["F1 of tokens"] ?? [1, 0];
    expect(low).toBeLessThan(2 / 3);
    expect(high).toBeGreaterThan(2 / 3);
  });

  it("has intervals that count windows, and are open where all is right", async () => {
    const latent = tokenLatent(" cat", { test: 20, nonActivating: 20 });
    const score = await execution().score({ ...explanation("cats"), pattern }, latent);
    expect(Object.keys(score.alsoIntervals ?? {})).toEqual([
      "precision of tokens",
      "recall of tokens",
      "F1 of tokens",
    ]);
    expect(score.also?.["recall of tokens"]).toBe(1);
    expect(score.alsoIntervals?.["recall of tokens"]?.[0]).toBeCloseTo(wilson(20, 20)[0], 12);
  });

  it("runs the sentences of the embedded model", async () => {
    const latent = tokenLatent(" cat");
    const right = await execution().score(
      explanation(write({ clauses: [{ target: { kind: "word", words: ["cat"] } }] })),
      latent,
    );
    expect(right).toMatchObject({ value: 1, also: { "F1 of tokens": 1 } });
    const wrong = await execution().score(
      explanation(write({ clauses: [{ target: { kind: "word", words: ["zebra"] } }] })),
      latent,
    );
    expect(wrong.value).toBe(0.5);
    expect(wrong.also).not.toHaveProperty("precision of tokens");
  });

  it("has no answer for what cannot be run", async () => {
    const score = await execution().score(explanation("Feline animals."), examples);
    expect(score).toMatchObject({ value: undefined, answered: 0, unanswered: 4 });
    expect(score.judgements[0]?.answer).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("Feline animals."),
    });
  });
});
