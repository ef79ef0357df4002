import { afterAll, describe, expect, it } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import { bestOf } from "../../src/explain/best-of.js";
import { bothSigns } from "../../src/explain/both-signs.js";
import { chainOfThought } from "../../src/explain/chain-of-thought.js";
import { contrastive } from "../../src/explain/contrastive.js";
import { executable } from "../../src/explain/executable.js";
import type { Explainer } from "../../src/explain/explainer.js";
import { inputOutput } from "../../src/explain/input-output.js";
import { refine } from "../../src/explain/refine.js";
import { severalSenses } from "../../src/explain/several-senses.js";
import { singleToken } from "../../src/explain/single-token.js";
import { tokenSpace } from "../../src/explain/token-space.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { vocabulary } from "../../src/explain/vocabulary.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import type { TextModel, TextReply } from "../../src/llm/text-model.js";
import { loadModel } from "../../src/model/load-model.js";
import { delphiScorer } from "../../src/score/delphi-scorers.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { generation } from "../../src/score/generation.js";
import { intruder } from "../../src/score/intruder.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import type { Scorer } from "../../src/score/scorer.js";
import { sensitivity } from "../../src/score/sensitivity.js";
import { simulation } from "../../src/score/simulation.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { explanation, tokenLatent } from "../score/made-examples.js";

const usage = { inputTokens: 90, outputTokens: 10, cachedInputTokens: 0 };

function answering(reply: Partial<TextReply> | ModelCallError): TextModel {
  return {
    name: "m",
    async complete() {
      if (reply instanceof ModelCallError) throw reply;
      return { text: "", stop: "end", usage, model: "m", ...reply };
    },
  };
}

/** A model whose replies come to that, whatever is asked; `text` is what would be read if it were read. */
const failures: [string, (text: string) => TextModel][] = [
  ["refused", (text) => answering({ text, stop: "refused" })],
  ["truncated", (text) => answering({ text, stop: "truncated" })],
  ["unparsed", () => answering({ text: "I am not sure." })],
  ["unparsed", () => answering({ text: "" })],
  ["failed", () => answering(new ModelCallError("Cannot get an answer", "call", 413))],
  ["failed", () => answering(new ModelCallError("Cannot get an answer now", "retry", 529))],
];

const model = await loadModel("demo");
const coder = await loadSparseCoder("demo/layers.1");
afterAll(() => Promise.all([model.close(), coder.close()]));
const subject = { model, coder };

const examples = tokenLatent(" cat");
const { test: select, nonActivating: selectNonActivating } = tokenLatent(" cat", { seed: 5 });
const contrast = examples.nonActivating.map((shown) => ({ ...shown, kind: "random" as const }));
const all = { ...examples, contrast, select, selectNonActivating };

/** For all explainers; the rule is for `executable`. */
const sentence = `[EXPLANATION]: The token " cat".`;
const explained = `${sentence}\n[PATTERN]: {"clauses": [{"target": {"kind": "word", "words": ["cat"]}}]}`;
const judge = detection(pattern());
const explainers: [string, (llm: TextModel) => Explainer][] = [
  ["topActivations", topActivations],
  ["chainOfThought", chainOfThought],
  ["contrastive", contrastive],
  ["singleToken", singleToken],
  ["tokenSpace", tokenSpace],
  ["executable", executable],
  ["vocabulary", (llm) => vocabulary(llm, subject)],
  ["inputOutput", (llm) => inputOutput(llm, subject)],
  ["bestOf", (llm) => bestOf(topActivations(llm), { scorer: judge, n: 2 })],
  ["refine", (llm) => refine(topActivations(llm), { scorer: judge, llm: pattern() })],
  ["bothSigns", (llm) => bothSigns(topActivations(llm), { otherSide: () => examples })],
  ["severalSenses", (llm) => severalSenses(topActivations(llm), { embedder: builtInEmbedder() })],
];

/** Each with a reply that it can read. */
const scorers: [string, (llm: TextModel) => Scorer, string][] = [
  ["detection", detection, "[1, 0, 1, 0, 1]"],
  ["detection in per cent", (llm) => detection(llm, { confidence: true }), "[90%, 5%, 90%, 5%, 50%]"],
  ["fuzzing", fuzzing, "[1, 0, 1, 0, 1]"],
  ["delphiScorer", (llm) => delphiScorer("detection", llm), "[1, 0, 1, 0, 1]"],
  ["intruder", intruder, "[3]"],
  ["responsiveness", (llm) => responsiveness(llm, { examplesPerPrompt: 5 }), "[2, 0, 1, 0, 2]"],
  ["simulation", simulation, Array.from({ length: 32 }, (_, i) => `${i + 1}\tx\t${i % 9}`).join("\n")],
  ["generation", (llm) => generation(llm, subject, { texts: 1 }), "With 1: A cat.\nWithout 1: A dog."],
  ["sensitivity", (llm) => sensitivity(llm, subject, { texts: 1 }), "Example 1: A cat."],
];

describe.each(failures)("a reply that is %s", (status, failing) => {
  it.each(explainers)("is no explanation of %s, says why and what was paid", async (_, explainer) => {
    const outcome = await explainer(failing(explained)).explain(all);
    expect(outcome).toMatchObject({ status, reason: expect.stringMatching(/\w/) });
    expect(outcome).not.toHaveProperty("value");
    const paid = outcome.status === "ok" ? 0 : outcome.usage?.inputTokens;
    expect(paid).toEqual(status === "failed" ? 0 : expect.toSatisfy((n) => n > 0 && n % 90 === 0));
  });

  it.each(scorers)("is no answer of %s, and counts as none", async (_, scorer, text) => {
    const score = await scorer(failing(text)).score(explanation("Cats."), examples);
    expect(score).toMatchObject({ answered: 0, value: undefined });
    expect(score.unanswered).toBeGreaterThan(0);
    expect(new Set(score.judgements.map(({ answer }) => answer.status))).toEqual(new Set([status]));
  });

  it("leaves refine() with the explanation that it had", async () => {
    const first = topActivations(answering({ text: "[EXPLANATION]: the word “owl”" }));
    const outcome = await refine(first, { scorer: judge, llm: failing(explained) }).explain(all);
    const trace = [{ text: "the word “owl”" }];
    expect(outcome).toMatchObject({ status: "ok", value: { text: "the word “owl”", trace } });
  });

  it("leaves bestOf() with a trial that has no score", async () => {
    const scorer = detection(failing("[1, 0, 1, 0, 1]"));
    const outcome = await bestOf(topActivations(answering({ text: sentence })), { scorer, n: 1 }).explain(
      all,
    );
    expect(outcome).toMatchObject({ status: "ok", value: { trace: [{ value: undefined }] } });
  });
});

describe("the same words in a whole reply", () => {
  it.each(explainers)("are an explanation of %s", async (_, explainer) => {
    expect(await explainer(answering({ text: explained })).explain(all)).toMatchObject({ status: "ok" });
  });

  it.each(scorers)("are answers of %s", async (_, scorer, text) => {
    const score = await scorer(answering({ text })).score(explanation("Cats."), examples);
    expect(score.answered).toBeGreaterThan(0);
    expect(score.unanswered).toBe(0);
  });
});

describe("a call that should stop the run", () => {
  const llm = answering(new ModelCallError("The key is wrong", "stop", 401));
  it.each(explainers)("is thrown on by %s", async (_, explainer) => {
    await expect(explainer(llm).explain(all)).rejects.toThrow("The key is wrong");
  });
  it.each(scorers)("is thrown on by %s", async (_, scorer) => {
    await expect(scorer(llm).score(explanation("Cats."), examples)).rejects.toThrow("The key is wrong");
  });
});
