import { describe, expect, it } from "vitest";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { embedding } from "../../src/score/embedding.js";
import { exampleEmbedding } from "../../src/score/example-embedding.js";
import { example, explanation, latentExamples, tokenLatent, window } from "./made-examples.js";
import { wordEmbedder } from "./made-judges.js";

const text = (words: string) => words.split(/(?= )/);
const firing = (words: string) => example(text(words), [[0, 1]]);
const embedder = wordEmbedder(["cat", "dog", "cow"]);

describe("embedding()", () => {
  const examples = latentExamples({
    test: [firing(" cat"), firing(" cat dog")],
    nonActivating: [window(text(" dog"), []), window(text(" cat cow dog"), []), window(text(" hen"), [])],
  });

  it("is the AUROC of cosines with the explanation, by hand", async () => {
    const score = await embedding(embedder).score(explanation("cat"), examples);
    const grades = score.judgements.map(({ answer }) =>
      answer.status === "ok" ? answer.value.grade : undefined,
    );
    [1, Math.SQRT1_2, 0, 1 / Math.sqrt(3), 0].forEach((cosine, i) => {
      expect(grades[i]).toBeCloseTo(cosine, 6);
    });
    expect(score).toMatchObject({
      measure: "AUROC",
      grade: "likeness",
      value: 1,
      answered: 5,
      unanswered: 0,
    });
  });

  it("puts the instruction before the explanation", async () => {
    const score = await embedding(embedder, { instruction: "dog " }).score(explanation("cat"), examples);
    // Both tests have cos 1/√2 and 1; negatives 1/√2, 2/√6, 0.
    expect(score.value).toBeCloseTo(4.5 / 6, 10);
  });

  it("finds the texts of a token with the embedder that is built in, and not those of another", async () => {
    const examples = tokenLatent(" cat");
    const right = await embedding(builtInEmbedder()).score(explanation("The token “cat”."), examples);
    const wrong = await embedding(builtInEmbedder()).score(explanation("The token “green”."), examples);
    expect(right.interval?.[0]).toBeGreaterThan(0.9);
    expect(wrong.interval?.[1]).toBeLessThan(0.9);
  });
});

describe("exampleEmbedding()", () => {
  it("is the AUROC of likeness to train windows less likeness to silent ones set apart, by hand", async () => {
    const examples = latentExamples({
      train: [firing(" cat"), firing(" dog")],
      test: [firing(" cat dog"), firing(" cow")],
      nonActivating: [window(text(" cow"), []), window(text(" cat cow"), []), window(text(" hen"), [])],
    });
    const score = await exampleEmbedding(embedder).score(explanation("whatever"), examples);
    // Train mean (½, ½, 0); apart (0, 0, 1), one of three silent. Grades: 1/√2, -1; 1/(2√2) - 1/√2, 0.
    const grades = score.judgements.map(({ answer }) =>
      answer.status === "ok" ? answer.value.grade : undefined,
    );
    [Math.SQRT1_2, -1, -Math.SQRT1_2 / 2, 0].forEach((grade, i) => {
      expect(grades[i]).toBeCloseTo(grade, 6);
    });
    expect(score.value).toBe(0.5);
  });

  it("does not look at the explanation", async () => {
    const examples = tokenLatent(" cat");
    const scorer = exampleEmbedding(builtInEmbedder());
    const [first, second] = [
      await scorer.score(explanation("The token “cat”."), examples),
      await scorer.score(explanation(""), examples),
    ];
    expect(first).toEqual(second);
    expect(first).toMatchObject({ answered: 50 + 40, unanswered: 0 });
    expect(first.interval?.[0]).toBeGreaterThan(0.6);
  });
});
