/** The fake services themselves, driven by the real SDKs. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { topActivations } from "../../src/explain/top-activations.js";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { tokenLatent } from "../score/made-examples.js";
import type { Fault } from "./faults.js";
import { messagesServer } from "./messages-server.js";
import { openAIServer } from "./openai-server.js";
import { rateLimiter } from "./rate-limiter.js";

const apiKey = "sk-test-0123456789abcdef";
const long = "A long answer of the model, in many pieces.";
const ask = {
  model: "claude-haiku-5-5",
  max_tokens: 20,
  messages: [{ role: "user" as const, content: "hello" }],
};

function anthropic(url: string): Anthropic {
  return new Anthropic({ apiKey, baseURL: url, maxRetries: 0, timeout: 5_000 });
}

function openai(url: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0, timeout: 5_000 });
}

async function errorOf(promise: PromiseLike<unknown>): Promise<Error> {
  return await Promise.resolve(promise).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );
}

describe("the fake Messages API", () => {
  it("streams what it would have sent whole", async () => {
    await using server = await messagesServer({ answer: () => long });
    const client = anthropic(server.url);
    const whole = await client.messages.create(ask);
    const streamed = client.messages.stream(ask);
    let pieces = 0;
    streamed.on("text", () => pieces++);
    expect(await streamed.finalMessage()).toMatchObject({ content: whole.content, usage: whole.usage });
    expect(pieces).toBeGreaterThan(3);
  });

  it.each<[Fault["kind"], RegExp]>([
    ["stream-error", /Overloaded/],
    ["stream-cut", /terminated|closed/i],
  ])("breaks a stream: %s", async (kind, message) => {
    await using server = await messagesServer({ answer: () => long });
    server.fail({ kind } as Fault);
    expect(String(await errorOf(anthropic(server.url).messages.stream(ask).finalMessage()))).toMatch(message);
  });

  it("counts tokens by the rule that it bills by", async () => {
    await using server = await messagesServer();
    const { max_tokens, ...counted } = ask;
    const { input_tokens } = await anthropic(server.url).messages.countTokens(counted);
    expect(input_tokens).toBe(2);
    expect((await anthropic(server.url).messages.create(ask)).usage.input_tokens).toBe(2);
  });

  it.each([
    [0, true],
    [400, true],
    [401, false],
  ])("with a least length of %d for cached prompts: %s", async (cacheMinimum, cached) => {
    await using server = await messagesServer({ cacheMinimum });
    const text = "x".repeat(1600);
    const marked = { type: "text" as const, text, cache_control: { type: "ephemeral" as const } };
    const messages = [{ role: "user" as const, content: [marked] }, ...ask.messages];
    const [first, second] = await Promise.all(
      [0, 1].map(() => anthropic(server.url).messages.create({ ...ask, messages })),
    );
    const of = (message: Anthropic.Message | undefined) => [
      message?.usage.cache_creation_input_tokens,
      message?.usage.cache_read_input_tokens,
    ];
    const usages = [of(first), of(second)].sort((a, b) => Number(a[1]) - Number(b[1]));
    expect(usages).toEqual(
      cached
        ? [
            [400, 0],
            [0, 400],
          ]
        : [
            [0, 0],
            [0, 0],
          ],
    );
  });

  it.each([
    [{ ...ask, temperature: 0.5 }, /temperature/],
    [
      { ...ask, messages: [...ask.messages, { role: "assistant" as const, content: "Well," }] },
      /last message/,
    ],
  ])("refuses what models of today refuse: %#", async (body, message) => {
    await using server = await messagesServer();
    const error = await errorOf(
      anthropic(server.url).messages.create(body as Anthropic.MessageCreateParamsNonStreaming),
    );
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error.message).toMatch(message);
  });

  it("answers 429 above its limits, says how long to wait, and states the limits", async () => {
    await using server = await messagesServer({ limits: { requestsPerMinute: 60, burst: 2 } });
    const client = anthropic(server.url);
    const { response } = await client.messages.create(ask).withResponse();
    expect(response.headers.get("anthropic-ratelimit-requests-limit")).toBe("60");
    await client.messages.create(ask);
    const error = await errorOf(client.messages.create(ask));
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    const wait = Number(
      (error as InstanceType<typeof Anthropic.RateLimitError>).headers.get("retry-after-ms"),
    );
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1000);
  });

  it("mounts further routes and knows no others", async () => {
    const routes = [
      ({ url, response }: { url: URL; response: { end(text: string): unknown } }) =>
        url.pathname === "/more" && response.end("more") !== undefined,
    ];
    await using server = await messagesServer({ routes });
    expect(await (await fetch(`${server.url}/more`)).text()).toBe("more");
    expect((await fetch(`${server.url}/none`)).status).toBe(404);
  });
});

describe("the fake server of OpenAI's dialect", () => {
  it("streams what it would have sent whole", async () => {
    await using server = await openAIServer({ answer: () => long });
    const client = openai(server.url);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    let text = "";
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
    expect(text).toBe(long);
    const whole = await client.chat.completions.create(ask);
    expect(whole.choices[0]?.message.content).toBe(long);
  });

  it.each<Fault["kind"]>(["stream-error", "stream-cut"])("breaks a stream: %s", async (kind) => {
    await using server = await openAIServer({ answer: () => long });
    server.fail({ kind } as Fault);
    const read = async () => {
      for await (const _ of await openai(server.url).chat.completions.create({ ...ask, stream: true }));
    };
    await errorOf(read());
  });

  it("lists log-probabilities of the prompt, or of generated tokens only", async () => {
    const sizes: (number | undefined)[] = [];
    for (const logProbabilities of ["prompt", "generated", "none"] as const) {
      await using server = await openAIServer({ logProbabilities });
      const body = { model: "rules", prompt: "the cat sat", echo: true, logprobs: 1, max_tokens: 1 };
      const { choices } = await openai(server.url).completions.create(body);
      sizes.push(choices[0]?.logprobs?.tokens?.length);
    }
    expect(sizes).toEqual([5, 1, undefined]);
  });

  it("answers by rules: a latent on one token scores 1, an explanation of another one 0.5", async () => {
    await using server = await openAIServer();
    const llm = openAICompatible({ model: "rules", baseURL: `${server.url}/v1`, concurrency: 16 });
    const examples = tokenLatent(" cat");
    const explained = await topActivations(llm).explain(examples);
    expect(explained).toMatchObject({ status: "ok", value: { text: 'The token " cat".' } });
    if (explained.status !== "ok") return;
    const other = { ...explained.value, text: 'The token " zebra".' };
    for (const scorer of [detection(llm), fuzzing(llm)]) {
      expect((await scorer.score(explained.value, examples)).value).toBe(1);
      expect((await scorer.score(other, examples)).value).toBe(0.5);
    }
  });
});

describe("rateLimiter()", () => {
  it("lets a burst through, then the rate, for each kind by itself", () => {
    const limiter = rateLimiter({ requestsPerMinute: 600, burst: 3, outputTokensPerMinute: 60_000 });
    const take = limiter.admit;
    const one = { requests: 1, inputTokens: 1e9, outputTokens: 0 };
    expect([take(one), take(one), take(one)]).toEqual([0, 0, 0]);
    expect(take(one)).toBeGreaterThan(50);
    expect(take(one)).toBeLessThanOrEqual(100);
    const many = { requests: 0, inputTokens: 0, outputTokens: 1 };
    expect(take(many)).toBe(0);
    limiter.charge(1500);
    expect(take(many)).toBeGreaterThan(400);
  });
});
