import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { localTokenScorer } from "../../src/llm/local/local-token-scorer.js";
import { surprisal } from "../../src/score/surprisal.js";
import { noExplanation, surprisalPrefix } from "../../src/score/surprisal-prompt.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { example, explanation, latentExamples, window } from "./made-examples.js";
import { wordScorer } from "./made-judges.js";

const text = (words: string) => words.split(/(?= )/);
const examples = latentExamples({
  test: [
    example(text(" cat cat dog"), [[0, 1]], { context: 1 }),
    example(text(" cat"), [[0, 1]], { context: 2 }),
  ],
  nonActivating: [window(text(" dog dog dog dog"), []), window(text(" dog cat cow hen pig"), [])],
});

describe("surprisalPrefix()", () => {
  it("stays as it is, and ends where a text begins", () => {
    expect(surprisalPrefix("Cats\nand dogs.")).toMatchSnapshot();
    expect(surprisalPrefix("x").endsWith("Description: x\nSentences:\n")).toBe(true);
  });
});

describe("surprisal()", () => {
  it("is the AUROC of how much likelier the explanation makes a text, by hand", async () => {
    const score = await surprisal(wordScorer()).score(explanation("cat hen"), examples);
    // Each known word gains 2 nats: 4, 2 where it fires; 0, 4 where not. Pairs: 4>0, 4=4, 2>0, 2<4.
    expect(score.judgements.map(({ answer }) => answer)).toEqual(
      [4, 2, 0, 4].map((grade) => ({ status: "ok", value: { grade } })),
    );
    expect(score).toMatchObject({
      measure: "AUROC",
      grade: "log-likelihood gain",
      value: 2.5 / 4,
      answered: 4,
    });
    // Per token 4/3, 2, 0, 4/5: every pair is right.
    expect(score.also).toEqual({ "AUROC per token": 1 });
    const [low, high] = score.alsoIntervals?.["AUROC per token"] ?? [1, 0];
    expect(low).toBeLessThan(0.6);
    expect(high).toBe(1);
  });

  it("reads the texts without an explanation once, however many explanations there are", async () => {
    const model = wordScorer();
    const scorer = surprisal(model);
    for (const text of ["cat", "dog", "cow"]) await scorer.score(explanation(text), examples);
    const passes = model.calls.filter(({ texts }) => texts > 0);
    expect(passes).toHaveLength(4);
    expect(passes.filter(({ prefix }) => prefix === surprisalPrefix(noExplanation))).toHaveLength(1);
  });

  it("counts texts that the model cannot read, and gives no value", async () => {
    const short = wordScorer();
    const tooLong = { ...short, score: () => Promise.reject(new RangeError("Cannot score text: too long")) };
    const score = await surprisal(tooLong).score(explanation("cat"), examples);
    expect(score).toMatchObject({ value: undefined, interval: undefined, answered: 0, unanswered: 4 });
    // No later run could have another answer.
    const reason = "Cannot score text: too long";
    expect(score.judgements[0]?.answer).toEqual({ status: "failed", reason, lasting: true });
  });

  it("is stopped by a signal", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(surprisal(wordScorer()).score(explanation("cat"), examples, { signal })).rejects.toThrow(
      "enough",
    );
  });
});

describe.skipIf(!hasRealData)(`surprisal() by stories260K, a trained model ${needsRealData}`, () => {
  it("is higher for a right explanation than for a wrong one", async () => {
    const stories = readFileSync(realData("text", "tinystories.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
    const excerpt = (story: string, at: number) =>
      text(
        ` ${story
          .slice(at - 50, at + 50)
          .split(/\s+/)
          .slice(1, -1)
          .join(" ")}`,
      );
    const place = (story: string) => story.indexOf(" ball ");
    const examples = latentExamples({
      test: stories
        .filter((story) => place(story) > 50)
        .slice(0, 15)
        .map((story, context) => example(excerpt(story, place(story)), [[0, 1]], { context })),
      nonActivating: stories
        .filter((story) => !story.includes("ball"))
        .slice(0, 15)
        .map((story, i) => window(excerpt(story, 150), [], { context: 1000 + i })),
    });
    const model = await localTokenScorer(realData("stories260k"), { threads: 1, tooLong: "cut prefix" });
    const scorer = surprisal(model);
    const right = await scorer.score(explanation("The word ball."), examples);
    const wrong = await scorer.score(explanation("The word mom."), examples);
    await model.close();
    expect(right).toMatchObject({ answered: 14 + 15, unanswered: 0 });
    expect(right.interval?.[0]).toBeGreaterThan(0.5);
    expect(wrong.value).toBeLessThan((right.value as number) - 0.15);
  }, 120_000);
});
