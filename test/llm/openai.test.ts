import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { doctorCommand } from "../../src/cli-doctor.js";
import { ModelCallError } from "../../src/errors.js";
import { budget } from "../../src/llm/budget.js";
import { inspectServer } from "../../src/llm/inspect-server.js";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import { openAIEmbedder } from "../../src/llm/openai-embedder.js";
import { openAITokenScorer } from "../../src/llm/openai-token-scorer.js";
import { noUsage, type TextModel, type TextRequest } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { detection } from "../../src/score/detection.js";
import { row } from "../../src/tensor.js";
import { tokenLatent } from "../score/made-examples.js";
import { type Fault, passingFaults } from "../servers/faults.js";
import { embeddingLength, letterCounts, type OpenAIServer, openAIServer } from "../servers/openai-server.js";
import { likelyDigit, newToken, seenBefore, unlikelyDigit } from "../servers/rule-tokens.js";

const apiKey = "sk-test-0123456789abcdef";
const question: TextRequest = {
  system: "Answer.",
  messages: [
    { role: "user", content: "first" },
    { role: "assistant", content: "worked" },
    { role: "user", content: "second" },
  ],
  maxTokens: 50,
};

let server: OpenAIServer;
beforeEach(async () => {
  server = await openAIServer({ answer: () => "[1, 0]" });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

/** The same server with other manners. */
async function serve(options: Parameters<typeof openAIServer>[0]): Promise<void> {
  await server.close();
  server = await openAIServer(options);
}

function service(options: Partial<Parameters<typeof openAICompatible>[0]> = {}) {
  return { model: "rules", baseURL: `${server.url}/v1`, apiKey, ...options };
}

async function failureOf(promise: Promise<unknown>): Promise<ModelCallError> {
  const error = await promise.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ModelCallError);
  return error as ModelCallError;
}

describe("openAICompatible()", () => {
  it("asks with system and turns, and gives the reply with its usage", async () => {
    const reply = await openAICompatible(service()).complete({ ...question, temperature: 0 });
    expect(reply).toMatchObject({ text: "[1, 0]", stop: "end", model: "rules" });
    expect(reply.usage).toEqual({ inputTokens: 8, outputTokens: 6, cachedInputTokens: 0 });
    const { body } = server.requests[0] as (typeof server.requests)[number];
    expect(body.messages).toEqual([{ role: "system", content: "Answer." }, ...question.messages]);
    expect(body).toMatchObject({ max_tokens: 50, temperature: 0 });
  });

  it("sends further members as they are", async () => {
    const extra = { chat_template_kwargs: { enable_thinking: false } };
    await openAICompatible(service({ extra } as object)).complete(question);
    expect(server.requests[0]?.body).toMatchObject(extra);
  });

  it.each([
    ["<think>Perhaps [0, 0]?</think>\n\n[1, 1]", "[1, 1]"],
    ["<think>never ends [1, 1]", "<think>never ends [1, 1]"],
    ["Perhaps [0, 0]?</think>\n\n[1, 1]", "[1, 1]"],
    ["<think>a </think> b </think>[1, 1]", "[1, 1]"],
    ["Done.</think>", ""],
    ['The token "</think>" that ends thoughts', 'The token "</think>" that ends thoughts'],
    ['<think>Is it "</think>"?</think>It is `</think>`.', "It is `</think>`."],
    ["a <think> in the middle", "a <think> in the middle"],
  ])("leaves out thoughts before the answer: %j", async (sent, text) => {
    await serve({ answer: () => sent });
    expect((await openAICompatible(service()).complete(question)).text).toBe(text);
  });

  it.each([
    ["refusal", "refused"],
    ["max-tokens", "truncated"],
  ] as const)("takes %s as a reply", async (kind, stop) => {
    server.fail({ kind });
    expect((await openAICompatible(service()).complete(question)).stop).toBe(stop);
  });

  it.each(["error", "abort", "a new one", null, ""])(
    "takes no text that ends by %j for an answer",
    async (reason) => {
      server.failWhen(() => true, { kind: "finish", reason });
      const error = await failureOf(openAICompatible(service({ maxRetries: 1 })).complete(question));
      expect(error).toMatchObject({
        scope: "retry",
        message: expect.stringContaining(JSON.stringify(reason)),
      });
      expect(server.requests).toHaveLength(2);
    },
  );

  it.each(["eos_token", "stop_sequence", "eos"])(
    "takes a text that ends by %j for an answer",
    async (reason) => {
      server.fail({ kind: "finish", reason });
      expect(await openAICompatible(service()).complete(question)).toMatchObject({
        text: "[1, 0]",
        stop: "end",
      });
    },
  );

  it("estimates tokens where the server does not count them, and says so once", async () => {
    await serve({ answer: () => "[1, 0]", usage: false });
    const warnings: string[] = [];
    const llm = openAICompatible(service({ onWarning: (message) => warnings.push(message) }));
    await llm.complete(question);
    const { usage } = await llm.complete(question);
    expect(usage.inputTokens).toBeGreaterThan(5);
    expect(usage.outputTokens).toBeGreaterThan(1);
    expect(warnings).toEqual([
      'The server of "rules" does not say how many tokens it used: they are estimated by length',
    ]);
  });

  it("counts thoughts where it estimates", async () => {
    const thoughts = "Perhaps this one. ".repeat(100);
    await serve({ answer: () => `<think>${thoughts}</think>[1, 0]`, usage: false });
    const llm = openAICompatible(service({ onWarning: () => {} }));
    const { text, usage } = await llm.complete(question);
    expect(text).toBe("[1, 0]");
    expect(usage.outputTokens).toBeGreaterThan(400);
  });

  it("sends the environment's key to OpenAI only, and wants one there", async () => {
    vi.stubEnv("OPENAI_API_KEY", apiKey);
    vi.stubEnv("OPENAI_ORG_ID", "org-secret");
    await openAICompatible(service({ apiKey: undefined })).complete(question);
    expect(server.requests[0]?.headers.authorization).toBe("Bearer none");
    expect(server.requests[0]?.headers["openai-organization"]).toBeUndefined();
    vi.stubEnv("OPENAI_API_KEY", "");
    expect(() => openAICompatible({ model: "gpt-x" })).toThrow(/set the environment variable OPENAI_API_KEY/);
  });

  it.each(Object.entries(passingFaults))("rides out %s", async (_, faults) => {
    const spoilt = faults();
    server.fail(...spoilt);
    const reply = await openAICompatible(service({ timeoutMs: 400 })).complete(question);
    expect(reply.text).toBe("[1, 0]");
    expect(server.requests).toHaveLength(spoilt.length + 1);
  });

  it.each<[string, Fault, "stop" | "call", RegExp]>([
    ["a wrong key", { kind: "status", status: 401 }, "stop", /give the server's key as apiKey/],
    ["an unknown model", { kind: "status", status: 404 }, "stop", /check the model's name/],
    ["no money", { kind: "status", status: 429, code: "insufficient_quota" }, "stop", /raise the limit/],
    ["a refused parameter", { kind: "status", status: 400, message: "no" }, "stop", /alike/],
    [
      "a prompt that is too long",
      { kind: "status", status: 400, message: "maximum context length is 4096 tokens" },
      "call",
      /4096/,
    ],
  ])("stops at once at %s", async (_, fault, scope, message) => {
    server.fail(fault);
    const error = await failureOf(openAICompatible(service()).complete(question));
    expect(error).toMatchObject({ scope, message: expect.stringMatching(message) });
    expect(server.requests).toHaveLength(1);
  });

  it("never shows the key", async () => {
    server.fail({ kind: "echo-key" });
    const llm = openAICompatible(service());
    const error = await failureOf(llm.complete(question));
    expect(server.requests[0]?.headers.authorization).toContain(apiKey);
    expect(error.message).toContain("invalid key [key]");
    expect(inspect([error, llm], { depth: 20, showHidden: true })).not.toContain(apiKey);
  });
});

describe("a model that thinks", () => {
  const examples = tokenLatent(" zebra", { train: 10, test: 10, nonActivating: 10 });
  const explanation = {
    latent: examples.latent,
    text: 'The token " zebra".',
    ...{ explainer: "hand", model: "none" },
  };
  const judged = (llm: TextModel) => detection(llm).score({ ...explanation, usage: noUsage }, examples);

  it("answers within the room that it is given", async () => {
    await serve({ thinks: 300 });
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const cramped = await judged(openAICompatible(service({ onWarning })));
    expect(cramped).toMatchObject({ value: undefined, answered: 0 });
    const advice =
      "was cut while it was thinking; raise roomToThink of openAICompatible(), --room-to-think on the command line";
    for (const { answer } of cramped.judgements) {
      expect(answer).toMatchObject({ status: "truncated", reason: `rules ${advice}` });
    }
    expect(warnings).toEqual([`"rules" ${advice}`]);
    const asked = server.requests[0]?.body.max_tokens as number;
    const roomy = await judged(openAICompatible(service({ roomToThink: 400, onWarning })));
    expect(roomy).toMatchObject({ value: 1, unanswered: 0 });
    expect(server.requests.at(-1)?.body.max_tokens).toBe(asked + 400);
    expect(warnings).toHaveLength(1);
  });

  it("is asked again where it is given more room, and not where it has the same", async () => {
    await serve({ thinks: 300 });
    const place = mkdtempSync(join(tmpdir(), "saelab-room-"));
    for (const [roomToThink, stop] of [
      [0, "truncated"],
      [400, "end"],
      [400, "end"],
      [0, "truncated"],
    ] as const) {
      const llm = withLedger(openAICompatible(service({ roomToThink, onWarning: () => {} })), place);
      expect((await llm.complete(question)).stop).toBe(stop);
    }
    expect(server.requests.map(({ body }) => body.max_tokens)).toEqual([50, 450]);
    rmSync(place, { recursive: true, force: true });
  });

  it("spends no more than the budget, thoughts included", async () => {
    await serve({ thinks: 3000 });
    const funds = budget({ maxTokens: 10_000 });
    const llm = openAICompatible(service({ roomToThink: 4000, budget: funds }));
    const calls = Array.from({ length: 20 }, () => llm.complete(question));
    const answered = (await Promise.allSettled(calls)).filter(({ status }) => status === "fulfilled");
    expect(answered).toHaveLength(2);
    expect(funds.spent.tokens).toBeGreaterThan(6000);
    expect(funds.spent.tokens).toBeLessThanOrEqual(10_000);
  });

  it.each(["max_tokens", "max_completion_tokens"])(
    "has no room by extra.%s, which no budget would see",
    (name) => {
      expect(() => openAICompatible(service({ extra: { [name]: 4000 } }))).toThrow(
        `Cannot send "${name}" to "rules" as extra, where no budget sees it; give the tokens that its thoughts take as roomToThink`,
      );
    },
  );

  it.each([-1, 0.5, Number.NaN])("has no room of %d tokens", (roomToThink) => {
    expect(() => openAICompatible(service({ roomToThink }))).toThrow(/a whole number of at least 0/);
  });

  it("never answers where its thoughts do not end, whatever the server says of them", async () => {
    await serve({ answer: () => "<think>Perhaps [1, 1, 1, 1, 1]" });
    const { judgements } = await judged(openAICompatible(service({ onWarning: () => {} })));
    expect(new Set(judgements.map(({ answer }) => answer.status))).toEqual(new Set(["truncated"]));
  });

  it("is found by inspectServer()", async () => {
    await serve({ thinks: 300 });
    const [chat] = (await inspectServer(`${server.url}/v1`)).abilities;
    expect(chat?.found).toMatch(
      /^thinks: its answer to a small question was cut after 200 tokens; give roomToThink/,
    );
  });
});

describe("openAITokenScorer()", () => {
  const prefix = "the cat\nsaid:\n";

  it("gives each token's log-probability after the prefix", async () => {
    const scores = await openAITokenScorer(service()).score(prefix, ["the dog the", "", "cat 😀!"]);
    expect(scores.map(({ pieces }) => pieces)).toEqual([
      ["the", " dog", " the"],
      [],
      ["cat", " ", "😀", "", "!"],
    ]);
    const [first, , last] = scores.map(({ logProbabilities }) => [...logProbabilities]);
    expect(first).toEqual([seenBefore, newToken, newToken]);
    // " cat" was seen, "cat" was not; the second half of the split character repeats the first.
    expect(last).toEqual([newToken, newToken, newToken, seenBefore, newToken]);
  });

  it("scores after nothing where there is a BOS token, and says so where there is none", async () => {
    const [scores] = await openAITokenScorer(service()).score("", ["the the"]);
    expect(scores?.pieces).toEqual(["the", " the"]);
    await serve({ bos: false });
    const scorer = openAITokenScorer(service());
    await expect(scorer.score("", ["the the"])).rejects.toThrow(/it has no BOS token; give a prefix/);
    expect((await scorer.score(prefix, ["the"]))[0]?.pieces).toEqual(["the"]);
  });

  it("refuses a prefix that ends in the middle of a token", async () => {
    const scored = openAITokenScorer(service()).score("the ca", ["t sat"]);
    await expect(scored).rejects.toThrow(/after "the ca": it ends in the middle of a token/);
  });

  it("choose() gives shares among candidates after each segment", async () => {
    const { probabilities, mass } = await openAITokenScorer(service()).choose(
      "about cats\n",
      ["cats\t", "9\ndogs\t", "0\ncats\t"],
      { candidates: ["0", "9"] },
    );
    expect(probabilities.shape).toEqual([3, 2]);
    const [likely, unlikely] = [Math.exp(likelyDigit), Math.exp(unlikelyDigit)];
    const share = likely / (likely + unlikely);
    for (const [i, nine] of [share, 1 - share, share].entries()) {
      expect(row(probabilities, i)[1]).toBeCloseTo(nine, 5);
    }
    expect(mass[2]).toBeCloseTo(likely + unlikely, 5);
    expect(server.requests).toHaveLength(1);
  });

  it("counts as impossible what is not among the likeliest", async () => {
    const { probabilities, mass } = await openAITokenScorer(service()).choose("x\n", ["cats\t"], {
      candidates: ["0", "7"],
    });
    expect(row(probabilities, 0)[0]).toBeCloseTo(1, 6);
    expect(mass[0]).toBeCloseTo(Math.exp(likelyDigit), 5);
  });

  it.each([
    ["generated", /log-probabilities of generated tokens only \(1 for \d+ tokens of the prompt\); take vLLM/],
    ["none", /gives no log-probabilities/],
  ] as const)("stops where the server gives %s", async (logProbabilities, message) => {
    await serve({ logProbabilities });
    const error = await failureOf(openAITokenScorer(service()).score(prefix, ["the"]));
    expect(error).toMatchObject({ scope: "stop", message: expect.stringMatching(message) });
  });

  it("rides out faults and stops by signal", async () => {
    server.fail({ kind: "body-cut" });
    expect(await openAITokenScorer(service()).score(prefix, ["the"])).toHaveLength(1);
    server.fail({ kind: "hang" });
    const signal = AbortSignal.timeout(50);
    await expect(openAITokenScorer(service()).score(prefix, ["the"], { signal })).rejects.toThrow(/timeout/);
  });
});

describe("openAIEmbedder()", () => {
  it("gives vectors of length 1 in the order of the texts, zeros for an empty one", async () => {
    const embedder = openAIEmbedder(service());
    expect(server.requests).toEqual([]);
    const texts = Array.from({ length: 150 }, (_, i) => (i === 70 ? "" : `text ${i}`));
    const vectors = await embedder.embed(texts);
    expect(vectors.shape).toEqual([150, embeddingLength]);
    for (const [i, text] of texts.entries()) {
      const counts = letterCounts(text);
      const length = Math.hypot(...counts) || 1;
      counts.forEach((count, k) => {
        expect(row(vectors, i)[k]).toBeCloseTo(count / length, 5);
      });
    }
    expect(server.requests.length).toBe(3);
  });

  it("says that a server does not embed", async () => {
    await serve({ lacks: ["embeddings"] });
    const error = await failureOf(openAIEmbedder(service()).embed(["a"]));
    expect(error).toMatchObject({ scope: "stop", status: 404 });
  });
});

describe("inspectServer()", () => {
  it("says what works", async () => {
    const found = await inspectServer(`${server.url}/v1`);
    expect(found.models).toEqual(["rules"]);
    expect(found.abilities.map(({ works }) => works)).toEqual([true, true, true]);
    expect(String(found)).toMatch(/^rules on http.*\nyes {2}openAICompatible: answers in \d tokens\nyes/);
  });

  it("finds out a server that gives log-probabilities of generated tokens only", async () => {
    await serve({ logProbabilities: "generated", lacks: ["embeddings"] });
    const { abilities } = await inspectServer(`${server.url}/v1`);
    expect(abilities.map(({ works }) => works)).toEqual([true, false, false]);
    expect(abilities[1]?.found).toMatch(/generated tokens only/);
  });

  it("is what `saelab doctor llm` prints", async () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      expect(await doctorCommand(["llm", `${server.url}/v1#rules`])).toBe(0);
      expect(String(write.mock.calls[0]?.[0])).toContain("yes  openAITokenScorer: gives log-probabilities");
    } finally {
      write.mockRestore();
    }
  });

  it("says that there is no server", async () => {
    await server.close();
    await failureOf(inspectServer(`${server.url}/v1`));
  });
});
