import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { claude } from "../../src/llm/claude.js";
import { governor, type Needs, type Turn } from "../../src/llm/governor.js";
import { noUsage } from "../../src/llm/text-model.js";
import { seededRandom } from "../../src/random.js";
import { messagesServer } from "../servers/messages-server.js";

const small: Needs = { inputTokens: 10, outputTokens: 5 };

/** What a test sees of calls that were let in. */
function caller(turns: ReturnType<typeof governor>) {
  const inside: Turn[] = [];
  const enter = (needs = small, options: Parameters<typeof turns.enter>[1] = {}) =>
    turns.enter(needs, options).then((turn) => {
      inside.push(turn);
      return turn;
    });
  return { inside, enter };
}

interface LongWait {
  readonly pauseMs?: number;
  readonly requestsPerMinute?: number;
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe("governor()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("starts with 16 calls, twice as many for every round of answers, up to 64", async () => {
    const turns = governor();
    const { inside, enter } = caller(turns);
    for (let i = 0; i < 5000; i++) void enter();
    await settled();
    const rounds: number[] = [];
    for (let i = 0; i < 4; i++) {
      rounds.push(inside.length);
      for (const turn of inside.splice(0)) turn.answered(noUsage);
      await settled();
    }
    expect(rounds).toEqual([16, 32, 64, 64]);
  });

  it("grows by one call for every round of answers once the service said that it was too much", async () => {
    const turns = governor();
    const { inside, enter } = caller(turns);
    for (let i = 0; i < 5000; i++) void enter();
    await settled();
    inside.shift()?.failed({});
    expect(turns.window).toBe(11);
    for (let i = 0; i < 10; i++) {
      for (const turn of inside.splice(0)) turn.answered(noUsage);
      await settled();
    }
    expect(turns.window).toBeGreaterThanOrEqual(20);
    expect(turns.window).toBeLessThanOrEqual(22);
  });

  it("takes a given concurrency at once and never passes it", async () => {
    const turns = governor({ concurrency: 20 });
    const { inside, enter } = caller(turns);
    for (let i = 0; i < 100; i++) void enter();
    await settled();
    for (const turn of inside.splice(0)) turn.answered(noUsage);
    await settled();
    expect(inside).toHaveLength(20);
  });

  it("cuts the window once for calls that are refused together, and never below 1", async () => {
    const turns = governor({ concurrency: 10 });
    const { inside, enter } = caller(turns);
    const round = async () => {
      for (let i = 0; i < 20; i++) void enter();
      await vi.advanceTimersByTimeAsync(1);
      for (const turn of inside.splice(0, 10)) turn.failed({});
    };
    await round();
    expect(turns.window).toBe(7);
    for (let i = 0; i < 20; i++) await round();
    expect(turns.window).toBe(1);
  });

  it("does not hold a failure of another kind against the window", async () => {
    const turns = governor({ concurrency: 10 });
    const turn = await turns.enter(small);
    turn.failed();
    expect(turns.window).toBe(10);
  });

  it("lets nobody in until the service's time is over, then those first that come again", async () => {
    const turns = governor({ concurrency: 1 });
    const order: string[] = [];
    const first = await turns.enter(small);
    const next = turns.enter(small).then((turn) => {
      order.push("new");
      return turn;
    });
    first.failed({ waitMs: 500 });
    const again = turns.enter(small, { again: true }).then((turn) => {
      order.push("again");
      return turn;
    });
    await vi.advanceTimersByTimeAsync(499);
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(order).toEqual(["again"]);
    (await again).answered(noUsage);
    await next;
    expect(order).toEqual(["again", "new"]);
  });

  it("turns away all who wait or come while the service asks for a longer wait than calls are kept for", async () => {
    const turns = governor({ concurrency: 2 });
    const [first, other] = [await turns.enter(small), await turns.enter(small)];
    const waiting = Array.from({ length: 100 }, () => turns.enter(small));
    const said = { status: 429, reason: "status 429: slow down, and it asks to wait 60 min" };
    const refused = { status: "rejected", reason: { name: "LongPauseError", message: said.reason } };
    first.failed({ ...said, waitMs: 3_600_000 });
    for (const outcome of await Promise.allSettled(waiting)) expect(outcome).toMatchObject(refused);
    expect(await Promise.allSettled([turns.enter(small)])).toMatchObject([refused]);
    // A call that was under way before says nothing about it.
    other.answered(noUsage);
    expect(await Promise.allSettled([turns.enter(small, { again: true })])).toMatchObject([refused]);
    // What is left of it in the end is waited for, and no service is believed for longer than ten minutes.
    await vi.advanceTimersByTimeAsync(481_000);
    let isIn = false;
    const late = turns.enter(small).then((turn) => {
      isIn = true;
      return turn;
    });
    await vi.advanceTimersByTimeAsync(118_000);
    expect(isIn).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(isIn).toBe(true);
    (await late).answered(noUsage);
  });

  it.each([
    ["a pause of 35 days", { pauseMs: 3_024_000_000 }],
    ["one call in 19 years", { requestsPerMinute: 1e-7 }],
  ])("sets no timer that Node would take for 1 ms: %s", async (_, { pauseMs, ...limits }: LongWait) => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const turns = governor({ concurrency: 1, ...limits });
    (await turns.enter(small)).failed(pauseMs === undefined ? undefined : { waitMs: pauseMs });
    void turns.enter(small).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(timers.mock.calls.length).toBeLessThan(5);
    for (const [, ms = 0] of timers.mock.calls) expect(ms).toBeLessThan(2 ** 31);
    timers.mockRestore();
  });

  it("takes out of the line who gives up, with the signal's reason", async () => {
    const turns = governor({ concurrency: 1 });
    const first = await turns.enter(small);
    const controller = new AbortController();
    const given = Array.from({ length: 1000 }, () => turns.enter(small, { signal: controller.signal }));
    const last = turns.enter(small);
    controller.abort(new Error("enough"));
    for (const outcome of await Promise.allSettled(given)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: "enough" } });
    }
    first.answered(noUsage);
    await last;
    await expect(turns.enter(small, { signal: controller.signal })).rejects.toThrow("enough");
  });

  it("keeps to rates in every second, whatever calls turn out to need", async () => {
    const run = async (seed: number) => {
      const random = seededRandom(seed);
      const perSecond = 5 + random.integer(100);
      const turns = governor({ concurrency: 50, requestsPerMinute: perSecond * 60 });
      const starts: number[] = [];
      const calls = Array.from({ length: 200 }, async () => {
        const turn = await turns.enter(small);
        starts.push(performance.now());
        setTimeout(() => turn.answered(noUsage), 1 + random.integer(300));
      });
      await vi.runAllTimersAsync();
      await Promise.all(calls);
      for (const start of starts) {
        const within = starts.filter((t) => t >= start && t < start + 1000).length;
        expect(within).toBeLessThanOrEqual(Math.ceil(perSecond * 1.1) + 1);
      }
      // And it uses them: no slower than 90 % of the rate, where answers do not bind first.
      const seconds = (starts.at(-1) as number) / 1000 - (starts[0] as number) / 1000;
      expect(200 / seconds).toBeGreaterThan(0.9 * Math.min(perSecond, 50 / 0.3));
    };
    await fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: 20, seed: 1 });
  });

  it("gives back tokens that a call did not need, and does not count what was read from the cache", async () => {
    // About 100 a second, about 10 at once: a call that needs more may have it when the bucket is full.
    const turns = governor({ concurrency: 50, inputTokensPerMinute: 6_000, outputTokensPerMinute: 6_000 });
    const needs = { inputTokens: 50, outputTokens: 50 };
    const { inside, enter } = caller(turns);
    const waitFor = async (ms: number) => {
      void enter(needs);
      await vi.advanceTimersByTimeAsync(ms);
      return inside.length;
    };
    expect(await waitFor(0)).toBe(1);
    expect(await waitFor(400)).toBe(1);
    expect(await waitFor(150)).toBe(2);
    // All but 5 of each come back.
    inside[1]?.answered({ inputTokens: 50, cachedInputTokens: 45, outputTokens: 5 });
    await vi.advanceTimersByTimeAsync(60);
    expect(inside).toHaveLength(3);
    // All of it comes back from a call that was refused.
    inside[2]?.failed();
    expect(await waitFor(1)).toBe(4);
  });

  it("learns limits from the service's answers, but those of the user have precedence", async () => {
    const turns = governor({ concurrency: 50 });
    (await turns.enter(small)).answered(noUsage, { requestsPerMinute: 60 });
    const { inside, enter } = caller(turns);
    for (let i = 0; i < 5; i++) void enter();
    await vi.advanceTimersByTimeAsync(3_200);
    // The first call was made before the limit was known; the bucket began full.
    expect(inside).toHaveLength(4);
    const given = governor({ concurrency: 50, requestsPerMinute: 60_000 });
    (await given.enter(small)).answered(noUsage, { requestsPerMinute: 60 });
    const free = caller(given);
    for (let i = 0; i < 5; i++) void free.enter();
    await settled();
    expect(free.inside).toHaveLength(5);
  });

  it.each([
    [{ concurrency: 0 }, "Cannot allow 0 calls at a time: give a whole number of at least 1"],
    [{ concurrency: 1.5 }, "Cannot allow 1.5 calls at a time: give a whole number of at least 1"],
    [{ requestsPerMinute: 0 }, "Cannot keep to requestsPerMinute of 0: give a number above 0"],
    [
      { inputTokensPerMinute: Number.NaN },
      "Cannot keep to inputTokensPerMinute of NaN: give a number above 0",
    ],
  ])("refuses %j", (options, message) => {
    expect(() => governor(options)).toThrow(new RangeError(message));
  });
});

describe("a service that asks for a long wait", () => {
  const llmOf = (url: string) => claude({ apiKey: "sk-ant-test-0123456789abcdef", baseURL: url });
  const question = (i: number) => ({
    system: "Answer.",
    messages: [{ role: "user", content: `question ${i}` } as const],
    maxTokens: 20,
  });

  it.each([
    ["3600", "60 min"],
    ["3000000", "50,000 min"],
  ])("gets no further call, and each fails at once with what it said: %s s", async (seconds, wait) => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => void warnings.push(warning);
    process.on("warning", listen);
    await using server = await messagesServer({ answer: () => "ok" });
    const llm = llmOf(server.url);
    server.fail({ kind: "status", status: 429, message: "slow down", headers: { "retry-after": seconds } });
    const failure = {
      name: "ModelCallError",
      scope: "retry",
      status: 429,
      message: expect.stringMatching(
        new RegExp(
          `^Cannot get an answer from "claude-haiku-5-5": status 429: slow down, and it asks to wait .*${wait}; try again later, what was answered is kept$`,
        ),
      ),
    };
    await expect(llm.complete(question(0))).rejects.toMatchObject(failure);
    const later = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => llm.complete(question(i))));
    for (const outcome of later) expect(outcome).toMatchObject({ status: "rejected", reason: failure });
    expect(server.requests).toHaveLength(1);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
    // A model that is made anew has heard nothing of it.
    expect(await llmOf(server.url).complete(question(0))).toMatchObject({ text: "ok" });
  });

  it("fails calls that were under way at the same time no less clearly", async () => {
    await using server = await messagesServer({ answer: () => "ok", delayMs: 5 });
    const llm = llmOf(server.url);
    const busy = { kind: "status" as const, status: 429, message: "slow down" };
    server.fail(
      { ...busy, headers: { "retry-after": "3600" } },
      { ...busy, headers: { "retry-after-ms": "5" } },
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) => llm.complete(question(i))),
    );
    const failed = outcomes.filter(({ status }) => status === "rejected");
    expect(server.requests).toHaveLength(16);
    expect(failed).toHaveLength(86);
    for (const { reason } of failed as PromiseRejectedResult[]) {
      expect(reason.message).toContain("it asks to wait 60 min; try again later");
    }
  });
});

describe("a service with a limit of 100 requests a second", () => {
  const apiKey = "sk-ant-test-0123456789abcdef";
  const question = (i: number) => ({
    system: "Answer.",
    messages: [{ role: "user", content: `question ${i}` } as const],
    maxTokens: 20,
  });
  const limits = { requestsPerMinute: 6000, burst: 20 };

  it.each([
    // What the window loses on its way from 64 to 1, and one for each answer.
    ["that is given", { given: true, states: false, refusals: 30 }],
    ["that the service states", { given: false, states: true, refusals: 60 }],
    ["that nobody knows", { given: false, states: false, refusals: 1000 }],
  ])(
    "answers 200 of 200 calls under a limit %s",
    { timeout: 60_000 },
    async (_, { given, states, refusals }) => {
      await using server = await messagesServer({ answer: () => "ok", limits, statesLimits: states });
      const llm = claude({
        ...{ apiKey, baseURL: server.url, concurrency: 64 },
        ...(given ? { limits: { requestsPerMinute: 6000 } } : {}),
      });
      const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => llm.complete(question(i))));
      expect(replies.every(({ text }) => text === "ok")).toBe(true);
      expect(server.requests.filter(({ status }) => status === 200)).toHaveLength(200);
      expect(server.requests.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(refusals);
    },
  );

  it.each([{ inputTokensPerMinute: 60_000 }, { outputTokensPerMinute: 60_000 }])(
    "answers 100 of 100 calls under stated limits of tokens: %j",
    { timeout: 60_000 },
    async (tokens) => {
      const answer = "these are twenty tokens by the rule of the fake. ".repeat(2).slice(0, 80);
      await using server = await messagesServer({ answer: () => answer, limits: tokens });
      const llm = claude({ apiKey, baseURL: server.url });
      const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => llm.complete(question(i))));
      expect(replies.every(({ text }) => text === answer)).toBe(true);
      // What began before the limits were known, and what the estimate was short of.
      expect(server.requests.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(30);
    },
  );

  it("lets two models share one governor", async () => {
    await using server = await messagesServer({ answer: () => "ok", delayMs: 20 });
    const shared = governor({ concurrency: 3 });
    const models = ["claude-haiku-5-5", "claude-opus-5-5"].map((model) =>
      claude({ model, apiKey, baseURL: server.url, limits: shared }),
    );
    await Promise.all(
      models.flatMap((llm) => Array.from({ length: 6 }, (_, i) => llm.complete(question(i)))),
    );
    expect(server.peak).toBe(3);
  });
});
