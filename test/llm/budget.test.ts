import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import { budget } from "../../src/llm/budget.js";
import { claude } from "../../src/llm/claude.js";
import { price } from "../../src/llm/model-facts.js";
import type { TextRequest } from "../../src/llm/text-model.js";
import { seededRandom } from "../../src/random.js";
import { messagesServer } from "../servers/messages-server.js";

const apiKey = "sk-ant-test-0123456789abcdef";

function question(i: number): TextRequest {
  return {
    system: "Answer.",
    messages: [{ role: "user", content: `question ${i}`.repeat(20) }],
    maxTokens: 50,
  };
}

describe("budget()", () => {
  it("is never passed, and leaves no more unused than the next call may take", async () => {
    const run = async (seed: number) => {
      const random = seededRandom(seed);
      const max = 500 + random.integer(2_000);
      const funds = budget({ maxTokens: max });
      let largest = 0;
      let stopped = 0;
      const call = async () => {
        const most = 1 + random.integer(100);
        largest = Math.max(largest, most);
        const reserved = await funds
          .reserve("m", { tokens: most, dollars: undefined })
          .catch(() => undefined);
        if (!reserved) return void stopped++;
        for (let i = random.integer(5); i >= 0; i--) await Promise.resolve();
        reserved.settle({ tokens: random.integer(most + 1), dollars: undefined });
        expect(funds.spent.tokens).toBeLessThanOrEqual(max);
      };
      await Promise.all(Array.from({ length: 200 }, call));
      if (stopped > 0) expect(funds.spent.tokens).toBeGreaterThan(max - largest);
    };
    await fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: 50, seed: 1 });
  });

  it("says what is spent, and stops the run", async () => {
    const funds = budget({ maxDollars: 0.5 });
    (await funds.reserve("m", { tokens: 10, dollars: 0.4 })).settle({ tokens: 10, dollars: 0.3 });
    const error = await funds.reserve("m", { tokens: 10, dollars: 0.4 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ModelCallError);
    expect(error).toMatchObject({
      scope: "stop",
      message:
        'Cannot ask "m" once more: $0.3 of the budget of $0.5 are spent and the call may take $0.4; what was answered is kept, raise maxDollars and run again',
    });
  });

  it("waits for what calls under way give back, and may be left by signal", async () => {
    const funds = budget({ maxTokens: 100 });
    const first = await funds.reserve("m", { tokens: 80, dollars: 0 });
    const controller = new AbortController();
    const given = funds.reserve("m", { tokens: 50, dollars: 0 }, { signal: controller.signal });
    const second = funds.reserve("m", { tokens: 50, dollars: 0 });
    controller.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    first.settle({ tokens: 10, dollars: 0 });
    (await second).settle({ tokens: 50, dollars: 0 });
    expect(funds.spent.tokens).toBe(60);
  });

  it("cannot keep a model without a price to dollars", async () => {
    const asked = budget({ maxDollars: 1 }).reserve("qwen3:4b", { tokens: 1, dollars: undefined });
    await expect(asked).rejects.toThrow(/its price is not known; give it prices, or a budget in maxTokens$/);
  });

  it.each([{}, { maxDollars: 0 }, { maxTokens: -1 }, { maxDollars: Number.NaN }])("refuses %j", (options) => {
    expect(() => budget(options)).toThrow(RangeError);
  });
});

describe("claude() with a budget", () => {
  it.each([{ maxDollars: 0.001 }, { maxTokens: 3_000 }])(
    "stops before what the server bills passes %j, shared by two models",
    async (limit) => {
      await using server = await messagesServer({ answer: () => "some words of an answer" });
      const funds = budget(limit);
      const names = ["claude-haiku-5-5", "claude-sonnet-5-5"];
      const models = names.map((model) => claude({ model, apiKey, baseURL: server.url, budget: funds }));
      const asked = Array.from({ length: 100 }, (_, i) =>
        models.map((llm) => llm.complete(question(i))),
      ).flat();
      const outcomes = await Promise.allSettled(asked);
      const failures = outcomes.filter(({ status }) => status === "rejected");
      expect(failures.length).toBeGreaterThan(0);
      for (const failure of failures) expect(failure).toMatchObject({ reason: { scope: "stop" } });
      const replies = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      const dollars = replies.reduce((sum, { model, usage }) => sum + (price(model, usage) as number), 0);
      const tokens = replies.reduce((sum, { usage }) => sum + usage.inputTokens + usage.outputTokens, 0);
      expect(funds.spent.dollars).toBeCloseTo(dollars, 12);
      expect(funds.spent.tokens).toBe(tokens);
      expect(replies.length).toBe(server.requests.length);
      const [spent, max] = limit.maxTokens
        ? [tokens, limit.maxTokens]
        : [dollars, limit.maxDollars as number];
      expect(spent).toBeLessThanOrEqual(max);
      // No run of the same calls, one after another, would have gone much further.
      expect(spent).toBeGreaterThan(0.6 * max);
    },
  );

  it("counts what broke off on the way at its most, and what was refused not at all", async () => {
    await using server = await messagesServer({ answer: () => "ok" });
    const funds = budget({ maxTokens: 100_000 });
    const llm = claude({ apiKey, baseURL: server.url, budget: funds });
    server.fail({ kind: "status", status: 529, headers: { "retry-after-ms": "1" } });
    const { usage } = await llm.complete(question(1));
    expect(funds.spent.tokens).toBe(usage.inputTokens + usage.outputTokens);
    const before = funds.spent.tokens;
    server.fail({ kind: "body-cut" });
    const second = await llm.complete(question(1));
    const billed = second.usage.inputTokens + second.usage.outputTokens;
    expect(funds.spent.tokens - before).toBeGreaterThan(billed + 50);
  });
});
