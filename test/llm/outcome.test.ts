import { describe, expect, it } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import { chainOfThought } from "../../src/explain/chain-of-thought.js";
import { contrastive } from "../../src/explain/contrastive.js";
import { executable } from "../../src/explain/executable.js";
import type { Explainer } from "../../src/explain/explainer.js";
import { singleToken } from "../../src/explain/single-token.js";
import { tokenSpace } from "../../src/explain/token-space.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { noUsage, type TextModel, type TextReply } from "../../src/llm/text-model.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { intruder } from "../../src/score/intruder.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import type { Scorer } from "../../src/score/scorer.js";
import { simulation } from "../../src/score/simulation.js";
import { explanation, tokenLatent } from "../score/made-examples.js";

/** Each would be read as an explanation or as an answer, if it were read. */
const readable = '[EXPLANATION]: The token " cat" [1, 0, 1, 0, 1].\n[PATTERN]: {"clauses":[]}';

function answering(reply: Partial<TextReply> | ModelCallError): TextModel {
  return {
    name: "m",
    async complete() {
      if (reply instanceof ModelCallError) throw reply;
      return { text: readable, stop: "end", usage: noUsage, model: "m", ...reply };
    },
  };
}

const failures: [string, TextModel][] = [
  ["refused", answering({ stop: "refused" })],
  ["truncated", answering({ stop: "truncated" })],
  ["unparsed", answering({ text: "I am not sure." })],
  ["unparsed", answering({ text: "" })],
  ["failed", answering(new ModelCallError("Cannot get an answer", "call", 413))],
  ["failed", answering(new ModelCallError("Cannot get an answer now", "retry", 529))],
];
const explainers: [string, (llm: TextModel) => Explainer][] = [
  ["topActivations", topActivations],
  ["chainOfThought", chainOfThought],
  ["contrastive", contrastive],
  ["singleToken", singleToken],
  ["tokenSpace", tokenSpace],
  ["executable", executable],
];
const scorers: [string, (llm: TextModel) => Scorer][] = [
  ["detection", detection],
  ["fuzzing", fuzzing],
  ["intruder", intruder],
  ["responsiveness", responsiveness],
  ["simulation", simulation],
];

const examples = tokenLatent(" cat");
const contrast = examples.nonActivating.map((shown) => ({ ...shown, kind: "random" as const }));
const withContrast = { ...examples, contrast };

describe.each(failures)("a reply that is %s", (status, llm) => {
  it.each(explainers)("is no explanation of %s, and says why", async (_, explainer) => {
    const outcome = await explainer(llm).explain(withContrast);
    expect(outcome).toMatchObject({ status, reason: expect.stringMatching(/\w/) });
    expect(outcome).not.toHaveProperty("value");
  });

  it.each(scorers)("is no answer of %s, and counts as none", async (_, scorer) => {
    const score = await scorer(llm).score(explanation("Cats."), examples);
    expect(score).toMatchObject({ answered: 0, value: undefined });
    expect(score.unanswered).toBeGreaterThan(0);
    expect(new Set(score.judgements.map(({ answer }) => answer.status))).toEqual(new Set([status]));
  });
});

describe("a call that should stop the run", () => {
  const llm = answering(new ModelCallError("The key is wrong", "stop", 401));
  it.each(explainers)("is thrown on by %s", async (_, explainer) => {
    await expect(explainer(llm).explain(withContrast)).rejects.toThrow("The key is wrong");
  });
  it.each(scorers)("is thrown on by %s", async (_, scorer) => {
    await expect(scorer(llm).score(explanation("Cats."), examples)).rejects.toThrow("The key is wrong");
  });
});
