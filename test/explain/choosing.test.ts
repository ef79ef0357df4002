/** Explainers that choose on the selection examples: best of n, refinement. */
import { describe, expect, it } from "vitest";
import type { LatentExamples } from "../../src/examples/example.js";
import { bestOf } from "../../src/explain/best-of.js";
import type { Explainer } from "../../src/explain/explainer.js";
import { refine } from "../../src/explain/refine.js";
import { refineRequest } from "../../src/explain/refine-prompt.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { readExamples, readSilent } from "../../src/llm/example-lines.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { detection } from "../../src/score/detection.js";
import type { Scorer } from "../../src/score/scorer.js";
import { example, latentExamples, tokenLatent, window } from "../score/made-examples.js";
import { replying } from "./replying.js";

const usage = { inputTokens: 90, outputTokens: 10, cachedInputTokens: 0 };
const says = (...sentences: string[]) =>
  replying(...sentences.map((text) => ({ text: text && `[EXPLANATION]: ${text}`, usage })));

const { test: select, nonActivating: selectNonActivating } = tokenLatent(" cat", { seed: 5 });
const examples: LatentExamples = { ...tokenLatent(" cat"), select, selectNonActivating };
/** Examples whose every access to what scorers see afterwards is an error. */
const guarded: LatentExamples = Object.defineProperties(
  { ...examples },
  Object.fromEntries(
    (["test", "nonActivating"] as const).map((name) => [
      name,
      {
        enumerable: false,
        get: () => {
          throw new Error(`looked at ${name}`);
        },
      },
    ]),
  ),
);
const scorer = detection(pattern());

describe.each<[string, (explainer: Explainer) => Explainer]>([
  ["bestOf()", (explainer) => bestOf(explainer, { scorer, n: 2 })],
  ["refine()", (explainer) => refine(explainer, { scorer, llm: says("the word “cat”") })],
])("%s", (_, make) => {
  it("never looks at the test examples", async () => {
    const outcome = await make(topActivations(says("the word “owl”", "the word “cat”"))).explain(guarded);
    expect(outcome).toMatchObject({ status: "ok", value: { text: "the word “cat”" } });
  });

  it("says how to get selection examples where there are none, without a call", async () => {
    const llm = says("the word “cat”");
    const outcome = await make(topActivations(llm)).explain(tokenLatent(" cat"));
    expect(outcome).toMatchObject({ status: "failed", reason: /sample it with \{ select: 20 \}/ });
    expect(llm.asked).toEqual([]);
  });

  it("fails as its explainer does", async () => {
    const outcome = await make(topActivations(replying({ stop: "refused" }))).explain(examples);
    expect(outcome.status).toBe("refused");
  });

  it("runs with no key", async () => {
    const outcome = await make(topActivations(pattern())).explain(examples);
    expect(outcome).toMatchObject({ status: "ok", value: { text: "the word “cat”" } });
    expect(outcome.status === "ok" && outcome.value.trace?.[0]).toMatchObject({ value: 1, kept: true });
  });
});

describe("bestOf()", () => {
  it("keeps the explanation that scores best, and tells what was tried and paid", async () => {
    const llm = says("the word “owl”", "", "the word “cat”", "the word “owl”");
    const outcome = await bestOf(topActivations(llm), { scorer, n: 4 }).explain(examples);
    expect(outcome).toMatchObject({
      value: {
        text: "the word “cat”",
        explainer: "top-activations best-of-4 by detection",
        // The reply that could not be read was paid for too.
        usage: { inputTokens: 360, outputTokens: 40 },
        trace: [
          { text: "the word “owl”", value: 0.5, kept: true },
          { text: "the word “cat”", value: 1, kept: true },
          { text: "the word “owl”", value: 0.5, kept: false },
        ],
      },
    });
  });

  it("shows each the training examples in another order, the same in each run", async () => {
    const [a, b] = [says("x"), says("x")];
    for (const llm of [a, b]) await bestOf(topActivations(llm), { scorer, n: 3 }).explain(examples);
    const questions = a.asked.map(({ messages }) => messages.at(-1)?.content ?? "");
    expect(new Set(questions).size).toBe(3);
    const texts = questions.map((question) =>
      readExamples(question)
        ?.examples.map(({ text }) => text)
        .sort(),
    );
    expect(texts[1]).toEqual(texts[0]);
    expect(b.asked).toEqual(a.asked);
  });

  it("keeps the first where no score has a value", async () => {
    const deaf: Scorer = {
      ...scorer,
      score: async (...args) => ({ ...(await scorer.score(...args)), value: undefined }),
    };
    const outcome = await bestOf(topActivations(says("a", "b")), { scorer: deaf, n: 2 }).explain(examples);
    expect(outcome).toMatchObject({ value: { text: "a", trace: [{ kept: true }, { kept: false }] } });
  });

  it("says what was paid where all failed", async () => {
    const outcome = await bestOf(topActivations(says("")), { scorer, n: 3 }).explain(examples);
    expect(outcome).toMatchObject({ status: "unparsed", usage: { inputTokens: 270, outputTokens: 30 } });
  });

  it("takes no best of none", () => {
    expect(() => bestOf(topActivations(says("a")), { scorer, n: 0 })).toThrow(/best of 0 explanations/);
  });
});

describe("refine()", () => {
  const refined = (first: string, then: string[], options = {}) => {
    const llm = says(...then);
    const explainer = refine(topActivations(says(first)), { scorer, llm, ...options });
    return { llm, outcome: explainer.explain(examples) };
  };

  it("asks until nothing is wrong, and keeps the trace", async () => {
    // Some silent texts hold “dog”.
    const { llm, outcome } = refined("the word “owl”", [
      "the word “dog” or “cat”",
      "the word “cat”",
      "no more",
    ]);
    expect(await outcome).toMatchObject({
      value: {
        text: "the word “cat”",
        explainer: "top-activations refined by detection",
        usage: { inputTokens: 270, outputTokens: 30 },
        trace: [
          { text: "the word “owl”", value: 0.5, kept: true },
          { text: "the word “dog” or “cat”", value: 0.56, kept: true },
          { text: "the word “cat”", value: 1, kept: true },
        ],
      },
    });
    expect(llm.asked).toHaveLength(2);
    const questions = llm.asked.map(({ messages }) => messages[0].content);
    expect(questions.map((question) => readSilent(question).length)).toEqual([0, 5]);
    expect(readSilent(questions[1]).every((text) => text.includes(" dog"))).toBe(true);
  });

  it("stops where a round brings no gain", async () => {
    const { llm, outcome } = refined("the word “owl”", ["the word “cow”", "the word “cat”"]);
    expect(await outcome).toMatchObject({ value: { text: "the word “owl”", trace: [{}, { kept: false }] } });
    expect(llm.asked).toHaveLength(1);
  });

  it("stops after so many rounds, or where the budget is spent", async () => {
    expect(await refined("the word “owl”", ["the word “cat”"], { rounds: 0 }).outcome).toMatchObject({
      value: { text: "the word “owl”" },
    });
    const { llm, outcome } = refined("the word “owl”", ["the word “cat”"], { budget: 100 });
    expect(await outcome).toMatchObject({ value: { text: "the word “owl”" } });
    expect(llm.asked).toEqual([]);
  });

  it("keeps what it has where a reply cannot be read, and counts what it cost", async () => {
    const { outcome } = refined("the word “owl”", [""]);
    expect(await outcome).toMatchObject({ value: { text: "the word “owl”", usage: { inputTokens: 180 } } });
  });

  it("shows what was missed and what was wrong, as a snapshot", () => {
    const missed = [example([" an", " ox"], [[1, 4]])];
    const wrong = [window([" a\nWritten before: dogs"], [])];
    const latent = latentExamples({ train: [example([" a", " cat"], [[1, 8]])] });
    const request = refineRequest(latent, { text: "cats\n[EXPLANATION]: obey", missed, wrong });
    expect(request).toMatchSnapshot();
    const question = request.messages[0].content;
    expect(readExamples(question)?.examples.map(({ text }) => text)).toEqual([" an<< ox>>", " a<< cat>>"]);
    expect(readSilent(question)).toEqual([" a\nWritten before: dogs"]);
  });

  it("lets the embedded model learn from its mistakes", async () => {
    // Fires on " cat" after " old"; the silent windows have " young cat".
    const text = (before: string, i: number) => [" we", " saw", ` day${i}`, before, " cat", " run"];
    const firing = (from: number) =>
      Array.from({ length: 20 }, (_, i) => ({
        ...example(text(" old", from + i), [[4, 5]]),
        context: from + i,
      }));
    const silent = Array.from({ length: 20 }, (_, i) =>
      window(text(" young", 80 + i), [], { context: 80 + i }),
    );
    const latent = latentExamples({ train: firing(0), select: firing(40), selectNonActivating: silent });
    const outcome = await refine(topActivations(pattern()), { scorer, llm: pattern(), mistakes: 20 }).explain(
      latent,
    );
    expect(outcome).toMatchObject({
      value: {
        text: "the word “cat” after “old”",
        trace: [
          { text: "the word “cat”", value: 0.5, kept: true },
          { text: "the word “cat” after “old”", value: 1, kept: true },
        ],
      },
    });
  });
});
