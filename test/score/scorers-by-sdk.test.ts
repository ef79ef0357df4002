/** The scorers that ask a language model, through the real SDK: what they send is taken, and what comes back is read. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claude } from "../../src/llm/claude.js";
import { answerScorer } from "../../src/llm/pattern/answer-scorer.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { write } from "../../src/llm/pattern/write-sentence.js";
import type { TextModel } from "../../src/llm/text-model.js";
import { intruder } from "../../src/score/intruder.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import type { Scorer } from "../../src/score/scorer.js";
import { simulation } from "../../src/score/simulation.js";
import { type MessagesServer, messagesServer } from "../servers/messages-server.js";
import { explanation, tokenLatent } from "./made-examples.js";

let server: MessagesServer;
beforeEach(async () => {
  server = await messagesServer({ answer: (question) => answerScorer(question) ?? "" });
});
afterEach(() => server.close());

function llm(): TextModel {
  return claude({ apiKey: "test-key-123", baseURL: server.url, maxRetries: 0 });
}

const cat = explanation(write({ clauses: [{ target: { kind: "word", words: ["cat"] } }] }));
const examples = tokenLatent(" cat", { test: 20, nonActivating: 20 });

describe.each<[string, number, (model: TextModel) => Scorer]>([
  ["simulation", 20, simulation],
  ["intruder", 5, intruder],
  ["responsiveness", 3, responsiveness],
])("%s()", (_, calls, scorer) => {
  it("sends what the service takes, reads what comes back, and adds up what it cost", async () => {
    const score = await scorer(llm()).score(cat, examples);
    const direct = await scorer(pattern()).score(cat, examples);
    expect(score.value).toBe(direct.value);
    expect(score.value).toBeGreaterThan(0.85);
    expect(score.judgements).toEqual(direct.judgements);
    expect(server.requests).toHaveLength(calls);
    expect(score.usage.inputTokens).toBeGreaterThan(100 * calls);
    expect(score.usage.outputTokens).toBeGreaterThan(0);
  });

  it("counts replies that are refused, cut and failed, and stops where there is no money", async () => {
    server.fail({ kind: "refusal" }, { kind: "max-tokens" }, { kind: "status", status: 413 });
    const score = await scorer(llm()).score(cat, examples);
    const statuses = new Set(score.judgements.map(({ answer }) => answer.status));
    expect(score.unanswered).toBe((3 * score.judgements.length) / calls);
    for (const status of ["refused", "truncated", "failed"]) expect(statuses).toContain(status);
    server.fail({ kind: "status", status: 429, code: "enforced_spend_limit_reached" });
    await expect(scorer(llm()).score(cat, examples)).rejects.toMatchObject({ scope: "stop" });
  });
});
