import { describe, expect, it } from "vitest";
import { severalSenses } from "../../src/explain/several-senses.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { detection } from "../../src/score/detection.js";
import { example, latentExamples, tokenLatent } from "../score/made-examples.js";
import { replying } from "./replying.js";

const embedder = builtInEmbedder();
const cats = tokenLatent(" cat", { train: 30 });
const hills = tokenLatent(" owl", { train: 10, seed: 2 });
const mixed = { ...cats, train: [...cats.train, ...hills.train], test: [...cats.test, ...hills.test] };

describe("severalSenses()", () => {
  it("finds the senses of a mixture, with the share of each", async () => {
    const outcome = await severalSenses(topActivations(pattern()), { embedder }).explain(mixed);
    if (outcome.status !== "ok") throw new Error(outcome.reason);
    expect(outcome.value.senses).toEqual([
      { text: "the word “cat”", share: 0.75 },
      { text: "the word “owl”", share: 0.25 },
    ]);
    expect(outcome.value.text).toBe("the word “cat”; or the word “owl”");
    expect((await detection(pattern()).score(outcome.value, mixed)).value).toBe(1);
  });

  it("tells the senses of one word by what surrounds it", async () => {
    const money = ["coins", "cash", "loan", "price"].map((word) => [
      ` pay`,
      " the",
      " bank",
      ` ${word}`,
      " money",
    ]);
    const water = ["otter", "trout", "reeds", "boat"].map((word) => [
      ` river`,
      " swim",
      " bank",
      ` ${word}`,
      " fish",
    ]);
    const train = [...money, ...water].map((pieces) => example(pieces, [[2, 5]]));
    const llm = replying({ text: "[EXPLANATION]: a" }, { text: "[EXPLANATION]: b" });
    const explainer = severalSenses(topActivations(llm), { embedder, alike: 0.6 });
    expect(await explainer.explain(latentExamples({ train }))).toMatchObject({
      value: {
        senses: [
          { text: "a", share: 0.5 },
          { text: "b", share: 0.5 },
        ],
      },
    });
    const shown = llm.asked.map(({ messages }) => messages.at(-1)?.content ?? "");
    expect(shown[0]).toContain("money");
    expect(shown[0]).not.toContain("river");
    expect(shown[1]).toContain("river");
    expect(shown[1]).not.toContain("money");
  });

  it("keeps one sense where there is one", async () => {
    const outcome = await severalSenses(topActivations(pattern()), { embedder }).explain(cats);
    expect(outcome).toMatchObject({ value: { text: "the word “cat”", senses: [{ share: 1 }] } });
  });

  it("joins senses that are told in the same words, and adds up their cost", async () => {
    const usage = { inputTokens: 5, outputTokens: 1, cachedInputTokens: 0 };
    const llm = replying({ text: "[EXPLANATION]: Animals.", usage });
    const outcome = await severalSenses(topActivations(llm), { embedder }).explain(mixed);
    expect(outcome).toMatchObject({
      value: { text: "Animals", senses: [{ text: "Animals.", share: 1 }], usage: { inputTokens: 10 } },
    });
  });

  it("fails as its explainer does", async () => {
    const usage = { inputTokens: 5, outputTokens: 1, cachedInputTokens: 0 };
    const llm = replying({ text: "[EXPLANATION]: cats", usage }, { stop: "truncated", usage });
    const outcome = await severalSenses(topActivations(llm), { embedder }).explain(mixed);
    expect(outcome).toMatchObject({ status: "truncated", usage: { inputTokens: 10 } });
    const none = await severalSenses(topActivations(llm), { embedder }).explain(latentExamples({}));
    expect(none).toMatchObject({ status: "failed", reason: /no training examples/ });
  });
});
