import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import { budget } from "../../src/llm/budget.js";
import { claude } from "../../src/llm/claude.js";
import type { TextModel, TextReply, TextRequest } from "../../src/llm/text-model.js";
import { type Fault, passingFaults } from "../servers/faults.js";
import { type MessagesServer, messagesServer, tokensIn } from "../servers/messages-server.js";

const apiKey = "sk-ant-test-0123456789abcdef";
const question: TextRequest = {
  system: "Answer.",
  messages: [
    { role: "user", content: "first" },
    { role: "assistant", content: "worked" },
    { role: "user", content: "second" },
  ],
  maxTokens: 50,
};

let server: MessagesServer;
beforeEach(async () => {
  server = await messagesServer({ answer: () => "[1, 0]" });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

function model(options: Parameters<typeof claude>[0] = {}) {
  return claude({ apiKey, baseURL: server.url, ...options });
}

async function failure(options: Parameters<typeof claude>[0] = {}): Promise<ModelCallError> {
  const error = await model(options)
    .complete(question)
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ModelCallError);
  return error as ModelCallError;
}

describe("claude()", () => {
  it("gives the reply with its usage and marks the end of the few-shot turns for the cache", async () => {
    const first = await model().complete(question);
    const second = await model().complete(question);
    expect(first).toMatchObject({ text: "[1, 0]", stop: "end", model: "claude-haiku-5-5" });
    expect(first.usage.cachedInputTokens).toBe(0);
    expect(second.usage.cachedInputTokens).toBeGreaterThan(0);
    expect(second.usage.inputTokens).toBe(first.usage.inputTokens);
    const { body } = server.requests[0] as (typeof server.requests)[number];
    expect(body.messages[1]?.content).toEqual([
      { type: "text", text: "worked", cache_control: { type: "ephemeral" } },
    ]);
    expect(body.messages[2]?.content).toBe("second");
  });

  it.each([
    ["claude-haiku-5-5", { thinking: { type: "disabled" } }],
    ["claude-sonnet-5-5", { thinking: { type: "between_tools" } }],
    ["claude-opus-5-5", { output_config: { effort: "low" } }],
    ["claude-haiku-4-5", { temperature: 0.5 }],
    ["claude-haiku-4-5-20251001", { temperature: 0.5 }],
    ["qwen3:4b", { temperature: 0.5 }],
    ["claude-next-9", {}],
  ])("sends to %s what it takes and no more", async (name, extra) => {
    await model({ model: name }).complete({ ...question, temperature: 0.5 });
    const { thinking, output_config, temperature } = server.requests[0]?.body ?? {};
    expect(JSON.parse(JSON.stringify({ thinking, output_config, temperature }))).toEqual(extra);
  });

  it.each([
    ["claude-haiku-5-5", 50],
    ["claude-opus-5-5", 2098],
    ["claude-next-9", 2098],
    ["qwen3:4b", 50],
  ])("leaves %s room to think only where it cannot be kept from it", async (name, tokens) => {
    await model({ model: name }).complete(question);
    expect(server.requests[0]?.body.max_tokens).toBe(tokens);
  });

  it("replaces halves of surrogate pairs, which the service would refuse", async () => {
    await model().complete({ ...question, messages: [{ role: "user", content: "a\ud83d b 😀" }] });
    expect(server.requests[0]?.body.messages[0]?.content).toBe("a\ufffd b 😀");
  });

  it("says what to do when there is no key", () => {
    vi.stubEnv("ANTHROPIC_API_KEY", "");
    expect(() => claude()).toThrow(/set the environment variable ANTHROPIC_API_KEY, or use pattern\(\)/);
  });

  it("reads the key from the environment and sends it nowhere but in the header", async () => {
    vi.stubEnv("ANTHROPIC_API_KEY", apiKey);
    await claude({ baseURL: server.url }).complete(question);
    const [request] = server.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(JSON.stringify(request?.body)).not.toContain(apiKey);
  });

  it("keeps at most so many calls under way", async () => {
    await server.close();
    server = await messagesServer({ answer: () => "[1]", delayMs: 20 });
    const limited = model({ concurrency: 3 });
    await Promise.all(Array.from({ length: 12 }, () => limited.complete(question)));
    expect(server.peak).toBe(3);
  });
});

describe("claude() rides out what passes with time", () => {
  it.each(Object.entries(passingFaults))("%s", async (_, faults) => {
    const spoilt = faults();
    server.fail(...spoilt);
    const reply = await model({ timeoutMs: 400 }).complete(question);
    expect(reply.text).toBe("[1, 0]");
    expect(server.requests).toHaveLength(spoilt.length + 1);
  });

  it("a connection that is reset again and again", async () => {
    server.fail({ kind: "reset" }, { kind: "reset" }, { kind: "reset" });
    await model().complete(question);
    expect(server.requests).toHaveLength(4);
  });

  it("an overload that is said five times over", async () => {
    const busy: Fault = { kind: "status", status: 529, headers: { "retry-after-ms": "5" } };
    server.fail(...Array(5).fill(busy));
    await model().complete(question);
    expect(server.requests).toHaveLength(6);
  });

  it("waits as long as the service asks", async () => {
    server.fail({ kind: "status", status: 429, headers: { "retry-after": "1" } });
    const start = performance.now();
    await model().complete(question);
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it("gives up after the retries, and says that the call can be made later", async () => {
    const busy: Fault = { kind: "status", status: 529, headers: { "retry-after-ms": "1" } };
    server.fail(busy, busy, busy);
    const error = await failure({ maxRetries: 2 });
    expect(error).toMatchObject({ scope: "retry", status: 529 });
    expect(error.message).toMatch(
      /^Cannot get an answer from "claude-haiku-5-5": status 529.*try again later/,
    );
    expect(server.requests).toHaveLength(3);
  });
});

describe("claude() stops at once", () => {
  it.each<[string, Fault, "stop" | "call", RegExp]>([
    [
      "a wrong key",
      { kind: "status", status: 401, type: "authentication_error" },
      "stop",
      /ANTHROPIC_API_KEY/,
    ],
    ["an unknown model", { kind: "status", status: 404 }, "stop", /check the model's name/],
    [
      "a refused parameter",
      { kind: "status", status: 400, message: "temperature: no" },
      "stop",
      /temperature/,
    ],
    [
      "the spend limit",
      { kind: "status", status: 429, type: "rate_limit_error", code: "enforced_spend_limit_reached" },
      "stop",
      /raise the limit/,
    ],
    [
      "a prompt that is too long",
      { kind: "status", status: 400, message: "prompt is too long" },
      "call",
      /too long/,
    ],
    ["a request that is too large", { kind: "status", status: 413 }, "call", /413/],
  ])("at %s", async (_, fault, scope, message) => {
    server.fail(fault);
    const error = await failure();
    expect(error.scope).toBe(scope);
    expect(error.message).toMatch(message);
    expect(server.requests).toHaveLength(1);
  });

  it("when the caller's signal says so, with its reason", async () => {
    server.fail({ kind: "hang" });
    const controller = new AbortController();
    const call = model().complete(question, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(call).rejects.toThrow("enough");
  });

  it("and never shows the key or a header in its error", async () => {
    server.fail({ kind: "echo-key" });
    const error = await failure();
    const shown = inspect(error, { depth: 20, showHidden: true });
    expect(server.requests[0]?.headers.authorization).toContain(apiKey);
    expect(error.message).toContain("invalid key [key]");
    expect(shown).not.toContain(apiKey);
    expect(shown).not.toContain("authorization");
    expect(inspect(model(), { depth: 20, showHidden: true })).not.toContain(apiKey);
  });
});

describe("claude() takes as replies", () => {
  it.each<[Fault, "refused" | "truncated"]>([
    [{ kind: "refusal" }, "refused"],
    [{ kind: "max-tokens" }, "truncated"],
  ])("$kind", async (fault, stop) => {
    server.fail(fault);
    expect((await model().complete(question)).stop).toBe(stop);
    expect(server.requests).toHaveLength(1);
  });
});

describe("claude().count()", () => {
  it("gives what the service counts, free and outside the limits", async () => {
    const llm = model({ limits: { requestsPerMinute: 1 }, budget: budget({ maxTokens: 1 }) });
    for (let i = 0; i < 5; i++) expect(await llm.count?.(question)).toBe(tokensIn(question));
    expect(server.requests.map(({ path }) => path)).toEqual(Array(5).fill("/v1/messages/count_tokens"));
    expect(Object.keys(server.requests[0]?.body ?? {})).not.toContain("max_tokens");
  });

  it("counts what a call is then billed for", async () => {
    const llm = model();
    const { usage } = await llm.complete(question);
    expect(usage.inputTokens).toBe(await llm.count?.(question));
  });
});

describe("the prompt cache", () => {
  const ask = (i: number, system = "Answer.") => ({
    ...question,
    system,
    messages: [...question.messages.slice(0, 2), { role: "user", content: `question ${i}` } as const],
  });

  it("is written by the first call of each prompt style alone, and read by all others", async () => {
    const replies = await askAll(model({ concurrency: 64 }), ["Explain.", "Judge."]);
    expect(replies.filter(({ usage }) => usage.cacheWriteTokens)).toHaveLength(2);
    expect(replies.filter(({ usage }) => usage.cachedInputTokens > 0)).toHaveLength(38);
  });

  it("does not keep calls waiting where it cannot work, or the first call fails", async () => {
    await server.close();
    server = await messagesServer({ answer: () => "[1]", delayMs: 500 });
    // Of this model it is documented that it keeps nothing so short.
    await askAll(model({ model: "claude-haiku-4-5", concurrency: 20 }), ["Judge."]);
    expect(server.peak).toBe(20);
    server.fail({ kind: "status", status: 413 });
    const llm = model({ concurrency: 20 });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => llm.complete(ask(i))));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", ...Array(4).fill("fulfilled")]);
  });

  it("can be left waiting for by signal", async () => {
    server.fail({ kind: "hang" });
    const llm = model({ timeoutMs: 500 });
    const first = llm.complete(ask(0));
    const second = llm.complete(ask(1), { signal: AbortSignal.timeout(50) });
    await expect(second).rejects.toThrow(/timeout/);
    await first;
    expect(server.requests).toHaveLength(2);
  });

  it("is missed loudly, once", async () => {
    await server.close();
    server = await messagesServer({ answer: () => "[1]", cacheMinimum: 1024 });
    const warnings: string[] = [];
    await askAll(model({ onWarning: (message) => warnings.push(message) }), ["Explain.", "Judge."]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^The prompt cache of "claude-haiku-5-5" is not hit: about \d+ tokens/);
  });

  it("is looked at again where the second call came to nothing", async () => {
    await server.close();
    server = await messagesServer({ answer: () => "[1]", cacheMinimum: 1024 });
    const warnings: string[] = [];
    const llm = model({ onWarning: (message) => warnings.push(message) });
    await llm.complete(ask(0));
    server.fail({ kind: "status", status: 413 });
    await expect(llm.complete(ask(1))).rejects.toThrow("413");
    expect(warnings).toEqual([]);
    await llm.complete(ask(2));
    expect(warnings).toHaveLength(1);
  });

  async function askAll(llm: TextModel, systems: readonly string[]): Promise<TextReply[]> {
    const each = systems.map((system) => Array.from({ length: 20 }, (_, i) => llm.complete(ask(i, system))));
    return await Promise.all(each.flat());
  }
});
