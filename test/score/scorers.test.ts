import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import { readMarkup } from "../../src/examples/markup.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { claude } from "../../src/llm/claude.js";
import { noUsage, type TextModel } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { detection } from "../../src/score/detection.js";
import { type FuzzingNegative, fuzzing, fuzzingItems } from "../../src/score/fuzzing.js";
import { rateByKind } from "../../src/score/summarise.js";
import { type MessagesServer, messagesServer } from "../servers/messages-server.js";
import { example, explanation, latentExamples, tokenLatent, window } from "./made-examples.js";

let server: MessagesServer;
beforeEach(async () => {
  server = await messagesServer();
});
afterEach(() => server.close());

function llm(): TextModel {
  return claude({ apiKey: "test-key-123", baseURL: server.url, maxRetries: 0 });
}

/** Answers every question with the same text. */
function saying(text: string): TextModel {
  return {
    name: "parrot",
    complete: async () => ({ text, stop: "end", usage: noUsage, model: "parrot" }),
  };
}

describe("through the real SDK and a model of known rules", () => {
  it("a latent on one token is explained, and both scores are 1", async () => {
    const examples = tokenLatent(" cat");
    const explained = await topActivations(llm()).explain(examples);
    expect(explained).toMatchObject({
      status: "ok",
      value: { text: 'The token " cat".', model: "claude-haiku-5-5" },
    });
    if (explained.status !== "ok") return;
    for (const scorer of [detection(llm()), fuzzing(llm())]) {
      const score = await scorer.score(explained.value, examples);
      expect(score).toMatchObject({
        value: 1,
        answered: 100,
        unanswered: 0,
        truePositiveRate: 1,
        trueNegativeRate: 1,
      });
      expect(score.interval?.[0]).toBeGreaterThan(0.94);
      expect(score.usage.cachedInputTokens).toBeGreaterThan(0);
    }
    expect(server.requests).toHaveLength(1 + 20 + 20);
  });

  it("a second run with the same ledger makes no call and gives the same scores", async () => {
    const folder = await mkdtemp(join(tmpdir(), "saelab-run-"));
    const examples = tokenLatent(" cat");
    const runOnce = async () => {
      const model = withLedger(llm(), folder);
      const explained = await topActivations(model).explain(examples);
      if (explained.status !== "ok") throw new Error(explained.reason);
      return [
        await detection(model).score(explained.value, examples),
        await fuzzing(model).score(explained.value, examples),
      ];
    };
    const first = await runOnce();
    const calls = server.requests.length;
    expect(await runOnce()).toEqual(first);
    expect(server.requests).toHaveLength(calls);
    await rm(folder, { recursive: true });
  });

  it("an explanation that has nothing to do with the latent scores as chance", async () => {
    const examples = tokenLatent(" cat");
    for (const scorer of [detection(llm()), fuzzing(llm())]) {
      const nowhere = await scorer.score(explanation('The token " zebra".'), examples);
      expect(nowhere.value).toBe(0.5);
    }
    const somewhere = await detection(llm()).score(explanation('The token " dog".'), examples);
    expect(somewhere.interval?.[0]).toBeLessThan(0.5);
    expect(somewhere.interval?.[1]).toBeGreaterThan(0.5);
  });

  it("a reply that cannot be read leaves its five examples without an answer, with the reason and the reply", async () => {
    server.fail(
      { kind: "garbage" },
      { kind: "refusal" },
      { kind: "max-tokens" },
      { kind: "status", status: 413 },
    );
    const score = await detection(llm()).score(explanation('The token " cat".'), tokenLatent(" cat"));
    expect(score).toMatchObject({ value: 1, answered: 80, unanswered: 20 });
    const failed = score.judgements
      .filter(({ answer }) => answer.status !== "ok")
      .map(({ answer }) => answer);
    const statuses = failed.map(({ status }) => status);
    for (const status of ["unparsed", "refused", "truncated", "failed"]) {
      expect(statuses.filter((s) => s === status)).toHaveLength(5);
    }
    expect(failed.find(({ status }) => status === "unparsed")).toMatchObject({
      reason: "Cannot read the answers: the reply holds 0 lists, not 1",
      reply: "Sure! I think the answer is maybe.",
    });
  });

  it("a lack of money stops the scorer and every other prompt", async () => {
    server.fail({ kind: "status", status: 429, code: "enforced_spend_limit_reached" });
    const slow = claude({ apiKey: "test-key-123", baseURL: server.url, concurrency: 1 });
    const score = detection(slow).score(explanation("x"), tokenLatent(" cat"));
    await expect(score).rejects.toThrow(ModelCallError);
    await expect(score).rejects.toMatchObject({ scope: "stop" });
    expect(server.requests.length).toBeLessThan(3);
  });

  it("a signal stops the scorer", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const score = detection(llm()).score(explanation("x"), tokenLatent(" cat"), {
      signal: controller.signal,
    });
    await expect(score).rejects.toThrow("enough");
  });
});

describe("detection()", () => {
  it("shows the same examples in the same order for the same seed, in another for another", async () => {
    const examples = tokenLatent(" cat");
    const texts = async (seed: number) => {
      const { judgements } = await detection(saying("[1, 1, 1, 1, 1]"), { seed }).score(
        explanation("x"),
        examples,
      );
      return judgements.map(({ text }) => text);
    };
    expect(await texts(22)).toEqual(await texts(22));
    expect(await texts(22)).not.toEqual(await texts(23));
    expect((await texts(22)).sort()).toEqual((await texts(23)).sort());
  });

  it("asks the last prompt for as many answers as it has examples", async () => {
    const examples = tokenLatent(" cat", { test: 4, nonActivating: 3 });
    const score = await detection(saying("[1, 1]")).score(explanation("x"), examples);
    expect(score).toMatchObject({ answered: 2, unanswered: 5 });
  });

  it("has no value where a class has no examples", async () => {
    const examples = tokenLatent(" cat", { nonActivating: 0 });
    const score = await detection(saying("[1, 1, 1, 1, 1]")).score(explanation("x"), examples);
    expect(score).toMatchObject({
      value: undefined,
      interval: undefined,
      truePositiveRate: 1,
      trueNegativeRate: undefined,
    });
  });

  it("refuses a number of examples per prompt that is none", () => {
    expect(() => detection(saying(""), { examplesPerPrompt: 0 })).toThrow(RangeError);
  });
});

describe("fuzzingItems()", () => {
  const marksOf = (text: string) => readMarkup(text).spans.length;

  it("marks positives above 0.3 of the window's peak", () => {
    const test = [
      example(
        [" a", " b", " c", " d"],
        [
          [0, 10],
          [1, 3.5],
          [2, 3],
          [3, 0],
        ],
      ),
    ];
    const [item] = fuzzingItems(latentExamples({ test }));
    expect(item).toMatchObject({ text: "<< a b>> c d", kind: "activating", truth: true, quantile: 0 });
  });

  it("repeats as many marks as tokens fire in test windows on average, rounded up, as the paper ran it", () => {
    const pieces = Array.from({ length: 20 }, (_, i) => ` w${i}`);
    const test = [
      example(pieces, [
        [0, 5],
        [3, 1],
        [7, 1],
      ]),
      example(pieces, [
        [4, 5],
        [9, 0.1],
      ]),
    ];
    const nonActivating = Array.from({ length: 40 }, (_, context) => window(pieces, [], { context }));
    const items = fuzzingItems(latentExamples({ test, nonActivating }), { negatives: ["repeated-marks"] });
    const negatives = items.filter(({ kind }) => kind === "repeated-marks");
    const marked = negatives.map(({ text }) =>
      readMarkup(text).spans.reduce((n, s) => n + countWords(text, s), 0),
    );
    expect(new Set(marked)).toEqual(new Set([3]));
    expect(negatives.every(({ truth, quantile }) => !truth && quantile === undefined)).toBe(true);
  });

  it("never marks a token on which the latent fires as wrong", () => {
    const examples = tokenLatent(" cat", { test: 200, nonActivating: 200 });
    const items = fuzzingItems(examples, { negatives: ["wrong-tokens"] });
    const wrong = items.filter(({ kind }) => kind === "wrong-tokens");
    expect(wrong).toHaveLength(200);
    for (const { text, truth, quantile } of wrong) {
      const marked = readMarkup(text);
      expect(marked.spans.map(({ start, end }) => marked.text.slice(start, end))).not.toContain(" cat");
      expect(marksOf(text)).toBe(1);
      expect(truth).toBe(false);
      expect(quantile).toBeDefined();
    }
  });

  it("takes half of the negatives from each kind by default", async () => {
    const score = await fuzzing(saying("[1, 0, 1, 0, 1]")).score(explanation("x"), tokenLatent(" cat"));
    const kinds = rateByKind(score.judgements);
    expect(Object.fromEntries([...kinds].map(([kind, { answered }]) => [kind, answered]))).toEqual({
      activating: 50,
      "non-activating": 25,
      "wrong-tokens": 25,
    });
  });

  it("repeats marks at the same positions, as the paper ran it, or shares the negatives between three kinds", () => {
    const examples = tokenLatent(" cat", { test: 50, nonActivating: 50 });
    const wordsOf = (text: string) => text.split(" ").flatMap((word, i) => (word.includes(">>") ? [i] : []));
    const repeated = fuzzingItems(examples, { negatives: ["repeated-marks"] }).filter(({ truth }) => !truth);
    expect(new Set(repeated.map(({ text }) => String(wordsOf(text)))).size).toBe(1);
    const anew = fuzzingItems(examples, { negatives: ["non-activating"] }).filter(({ truth }) => !truth);
    expect(new Set(anew.map(({ text }) => String(wordsOf(text)))).size).toBeGreaterThan(10);
    const all = fuzzingItems(examples, { negatives: ["wrong-tokens", "non-activating", "repeated-marks"] });
    const count = (kind: string) => all.filter((item) => item.kind === kind).length;
    expect(["activating", "wrong-tokens", "non-activating", "repeated-marks"].map(count)).toEqual([
      50, 16, 17, 17,
    ]);
    const silent = all.filter(({ kind }) => kind === "non-activating" || kind === "repeated-marks");
    expect(new Set(silent.map(({ context }) => context)).size).toBe(34);
  });

  it("marks hard windows where they are hard, each labelled with its kind", () => {
    const examples = tokenLatent(" cat", { test: 9, nonActivating: 8 });
    const pieces = [" a", " cat", " b", " cat", " dog"];
    const hard = (context: number, more: object) => ({ ...window(pieces, [], { context }), ...more });
    const cats = { kind: "same-token", token: 7 };
    const sameToken = { ...hard(50, cats), tokens: Int32Array.of(1, 7, 2, 7, 3) };
    const other = { index: 3, activations: Float32Array.of(0, 0, 0, 0, 2) };
    const nonActivating = [
      ...examples.nonActivating.slice(0, 7),
      sameToken,
      hard(51, { kind: "co-active", other }),
    ];
    const wrongOf = (negatives?: FuzzingNegative[]) =>
      fuzzingItems({ ...examples, nonActivating }, { negatives }).filter(({ truth }) => !truth);
    const texts = (kind: string) => wrongOf().flatMap((item) => (item.kind === kind ? [item.text] : []));
    // Right windows have one mark each.
    expect([" a<< cat>> b cat dog", " a cat b<< cat>> dog"]).toContain(texts("same-token")[0]);
    expect(texts("co-active")).toEqual([" a cat b cat<< dog>>"]);
    // Nine negatives: the two hard ones, the other seven shared by the other kinds.
    expect(wrongOf().map(({ kind }) => kind)).toEqual([
      ...Array(3).fill("non-activating"),
      ...Array(4).fill("wrong-tokens"),
      "same-token",
      "co-active",
    ]);
    expect(wrongOf(["hard"])).toHaveLength(2);
    const edited = { kind: "minimal-edit", formerActivations: Float32Array.of(0, 0, 4, 0, 0) };
    const many = [sameToken, sameToken, sameToken, hard(52, edited), hard(53, edited)];
    const both = fuzzingItems({
      ...examples,
      nonActivating: [...examples.nonActivating.slice(0, 4), ...many],
    });
    // Nine negatives, a third of them hard: kinds in turn.
    expect(both.slice(-3).map(({ kind }) => kind)).toEqual(["same-token", "minimal-edit", "same-token"]);
    expect(both.at(-2)?.text).toBe(" a cat<< b>> cat dog");
    const likely = { ...hard(54, { kind: "embedding-neighbour" }) };
    const near = fuzzingItems({ ...examples, nonActivating: [likely] }, { negatives: ["non-activating"] });
    expect(near.map(({ kind }) => kind).at(-1)).toBe("embedding-neighbour");
    expect(wrongOf(["non-activating"]).map(({ kind }) => kind)).toEqual(Array(9).fill("non-activating"));
  });

  it("leaves out a window in which the latent fires on every token", () => {
    const test = [
      example(
        [" a", " b"],
        [
          [0, 1],
          [1, 1],
        ],
      ),
    ];
    const nonActivating = [window([" c"], [])];
    const items = fuzzingItems(latentExamples({ test, nonActivating }), { negatives: ["wrong-tokens"] });
    expect(items.map(({ kind }) => kind)).toEqual(["activating"]);
  });
});

/** Number of words in a marked span. */
function countWords(marked: string, { start, end }: { start: number; end: number }): number {
  return readMarkup(marked).text.slice(start, end).trim().split(" ").length;
}
