/** Plans are compared with what a loopback server then bills for the same run. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { jupyterDisplay } from "../../src/display.js";
import { bestOf } from "../../src/explain/best-of.js";
import { chainOfThought } from "../../src/explain/chain-of-thought.js";
import { executable } from "../../src/explain/executable.js";
import { severalSenses } from "../../src/explain/several-senses.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { explanationTag } from "../../src/explain/top-activations-prompt.js";
import { budget } from "../../src/llm/budget.js";
import { claude } from "../../src/llm/claude.js";
import { claudeBatches } from "../../src/llm/claude-batches.js";
import { ledgerSummary } from "../../src/llm/ledger-summary.js";
import { knownModels, type Prices, price } from "../../src/llm/model-facts.js";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import { openAIEmbedder } from "../../src/llm/openai-embedder.js";
import { openAITokenScorer } from "../../src/llm/openai-token-scorer.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { addUsage, noUsage, type TextModel, type Usage } from "../../src/llm/text-model.js";
import { charactersPerToken } from "../../src/llm/token-counter.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { loadModel } from "../../src/model/load-model.js";
import { interpret } from "../../src/run/interpret.js";
import { plan } from "../../src/run/plan.js";
import { stageUsage } from "../../src/run/plan-back-end.js";
import { planPrices } from "../../src/run/plan-price.js";
import type { PlanStage } from "../../src/run/plan-stage.js";
import { type Pace, planTimes } from "../../src/run/plan-time.js";
import { preset } from "../../src/run/presets.js";
import { detection } from "../../src/score/detection.js";
import { embedding } from "../../src/score/embedding.js";
import { intruder } from "../../src/score/intruder.js";
import { simulation } from "../../src/score/simulation.js";
import { surprisal } from "../../src/score/surprisal.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { messageBatches } from "../servers/message-batches.js";
import { messagesServer, ruleAnswer } from "../servers/messages-server.js";
import { openAIServer } from "../servers/openai-server.js";
import { ruleTokens } from "../servers/rule-tokens.js";

const scratch = mkdtempSync(join(tmpdir(), "saelab-plan-"));
let cache: LatentCache;
beforeAll(async () => {
  const [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.1")]);
  const texts = [...generateDocuments({ seed: "plan", count: 500 })].map(({ text }) => text);
  cache = await cacheLatents({ model, coder }, texts, { directory: scratch, onProgress: false });
  await Promise.all([model.close(), coder.close()]);
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const quiet = { onProgress: false } as const;

/** The same model, with what it is billed added up. */
function billed(model: TextModel) {
  const bill = { requests: 0, usage: noUsage as Usage };
  const llm: TextModel = {
    ...model,
    async complete(request, options) {
      const reply = await model.complete(request, options);
      bill.requests++;
      bill.usage = addUsage(bill.usage, reply.usage);
      return reply;
    },
  };
  return { llm, bill };
}

/** A model that must not be asked. */
function silent(): TextModel {
  return { name: "claude-haiku-5-5", complete: () => Promise.reject(new Error("a plan must not send")) };
}

function sum(stages: readonly PlanStage[], of: (stage: PlanStage) => number): number {
  return stages.reduce((total, stage) => total + of(stage), 0);
}

/** The server's rule, but explanations as long as people's and models' are: from 45 to 85 characters. */
function sentences(): (question: string) => string {
  const text = "Words about the house, the garden and what people say and do in them, most often at night";
  let asked = 0;
  return (question) => {
    const answer = ruleAnswer(question);
    const length = 45 + ((20 * asked++) % 60);
    return answer.startsWith(explanationTag) ? `${explanationTag} ${text.slice(0, length)}.` : answer;
  };
}

/** Expects `found` within 3 % of `wanted`. */
function expectNear(found: number | undefined, wanted: number | undefined): void {
  expect(Math.abs((found ?? Number.NaN) / (wanted ?? Number.NaN) - 1)).toBeLessThan(0.03);
}

describe("plan()", () => {
  it.each(["paper", "economy"] as const)(
    "is within 3 % of what a server bills for the preset %s",
    async (name) => {
      await using server = await messagesServer({ answer: sentences() });
      const { llm, bill } = billed(claude({ apiKey: "sk-test", baseURL: server.url }));
      const latents = cache.sample(6, { seed: 3, minCount: 400 });
      const options = { ...preset(name, llm), ...quiet };
      const { stages, prices } = await plan(cache, latents, options);
      const paths = new Set(server.requests.map(({ path }) => path));
      expect([...paths]).toEqual(["/v1/messages/count_tokens"]);
      const statuses: string[] = [];
      for await (const { status } of interpret(cache, latents, options)) statuses.push(status);
      expect(statuses).toEqual(latents.map(() => "scored"));
      expectNear(
        sum(stages, (stage) => stage.requests),
        bill.requests,
      );
      expectNear(
        sum(stages, (stage) => stage.inputTokens),
        bill.usage.inputTokens,
      );
      expectNear(prices[0]?.live, price(llm.name, bill.usage, { calls: bill.requests }));
      const uncached = { ...bill.usage, cachedInputTokens: 0, cacheWriteTokens: 0 };
      expectNear(prices[0]?.liveUncached, price(llm.name, uncached, { calls: bill.requests }));
    },
    60_000,
  );

  it.each([0.6, 1])(
    "is within three per cent of what batches are billed, where a share of %d hits the prompt cache",
    async (batchHits) => {
      const batches = messageBatches({ answer: sentences(), cacheHits: batchHits });
      await using server = await messagesServer({ routes: [batches.route] });
      const place = join(scratch, `batches-${batchHits}`);
      const quick = { idleMs: 300, pollMs: [10, 50] } as const;
      const llm = claudeBatches(place, { apiKey: "sk-test", baseURL: server.url, ...quick });
      const latents = cache.sample(6, { seed: 3, minCount: 400 });
      const options = { ...preset("economy", llm), ...quiet, concurrency: latents.length };
      const { prices } = await plan(cache, latents, { ...options, batchHits });
      for await (const { status } of interpret(cache, latents, options)) expect(status).toBe("scored");
      const { input, cacheRead, cacheWrite, output } = batches.usage;
      const usage = { inputTokens: input + cacheRead + cacheWrite, outputTokens: output };
      const cached = { ...usage, cachedInputTokens: cacheRead, cacheWriteTokens: cacheWrite };
      const [kept] = ledgerSummary(place).models;
      // The service's price of a batch is half of the live one.
      expectNear(prices[0]?.batch, (price(llm.name, cached, kept) ?? 0) / 2);
      expectNear(
        prices[0]?.batchUncached,
        (price(llm.name, { ...usage, cachedInputTokens: 0 }, kept) ?? 0) / 2,
      );
      expectNear(prices[0]?.batch, kept?.dollars);
    },
    60_000,
  );

  it.each([
    { input: 1, output: 2 },
    { input: 1, output: 2, cacheRead: 1, cacheWrite: 1 },
  ])(
    "takes the prices %j that a server's model was given, as ledger and budget do",
    async (prices) => {
      await using server = await openAIServer({ answer: sentences() });
      const money = budget({ maxDollars: 1000 });
      const place = join(scratch, `priced-${Object.keys(prices).length}`);
      const service = { baseURL: `${server.url}/v1`, model: "rules", prices, budget: money };
      const llm = withLedger(openAICompatible(service), place);
      const latents = cache.sample(4, { seed: 3, minCount: 400 });
      const options = { ...preset("economy", llm), ...quiet };
      const tokenizer = { encode: (text: string) => ruleTokens(text) };
      const planned = await plan(cache, latents, { ...options, tokenizer });
      expect(server.requests).toEqual([]);
      for await (const { status } of interpret(cache, latents, options)) expect(status).toBe("scored");
      const [kept] = ledgerSummary(place).models;
      expect(kept?.dollars).toBeGreaterThan(0.01);
      expect(money.spent.dollars).toBeCloseTo(kept?.dollars ?? 0, 9);
      expectNear(planned.prices[0]?.live, kept?.dollars);
      expectNear(planned.prices[0]?.liveUncached, kept?.dollars);
      expect(planned.prices[0]?.batch).toBeUndefined();
      expect(planned.times[0]?.batchSeconds).toBeUndefined();
    },
    60_000,
  );

  it("counts the null runs that come with a run", async () => {
    const latents = cache.sample(20, { seed: 3, minCount: 300 });
    let asked = 0;
    const { complete } = pattern();
    const llm: TextModel = {
      name: "counting",
      complete(request, call) {
        asked++;
        return complete(request, call);
      },
    };
    const options = {
      explainer: topActivations(llm),
      scorers: [detection(llm)],
      examples: { train: 20, test: 20 },
      ...quiet,
    };
    const planned = await plan(cache, latents, options);
    for await (const _ of interpret(cache, latents, options));
    expect(sum(planned.stages, ({ requests }) => requests)).toBe(asked);
    expect(planned.notes.join("\n")).toContain(
      "null runs: 6 more latents (random model 6), taken to be like the others",
    );
    expect(planned.notes.join("\n")).toContain(
      'no null run "neurons": a share of 0.1 of 20 latents is too small for it',
    );
    const without = await plan(cache, latents, { ...options, nulls: { runs: false } });
    const ratio =
      sum(planned.stages, ({ requests }) => requests) / sum(without.stages, ({ requests }) => requests);
    expect(ratio).toBeCloseTo(1.3, 12);
    expect(planned.times[1]?.batchSeconds).toBe(4 * 3600);
    const panel = await plan(cache, latents, { ...options, nulls: { share: 0.25 } });
    expect(panel.times[1]?.batchSeconds).toBe(5 * 3600);
  }, 60_000);

  it.each([
    ["claude-haiku-5-5", 0],
    ["claude-haiku-4-5", 4096],
  ])(
    "says how long a run of %s takes, which caches from %i tokens",
    async (model, cacheMinimum) => {
      const limits = { inputTokensPerMinute: 400_000 };
      await using server = await messagesServer({ answer: sentences(), limits, cacheMinimum });
      const llm = claude({ apiKey: "sk-test", baseURL: server.url, model });
      const latents = cache.sample(3, { seed: 3, minCount: 400 });
      const options = { ...preset("economy", llm), ...quiet, nulls: false } as const;
      const { times, stages } = await plan(cache, latents, {
        ...options,
        pace: { ...limits, secondsPerCall: 0 },
      });
      const all = sum(stages, (stage) => stage.inputTokens);
      const read = sum(stages, (stage) => stage.sharedTokens - stage.firstSharedTokens);
      const forced = (60 * (cacheMinimum > 0 ? all : all - read)) / limits.inputTokensPerMinute;
      expect(times[0]?.live).toEqual({ limit: "input tokens per minute", seconds: forced });
      const start = performance.now();
      for await (const { status } of interpret(cache, latents, options)) expect(status).toBe("scored");
      const seconds = (performance.now() - start) / 1000;
      // The service's bucket holds a second's tokens, and the last call may overdraw it; a busy machine takes longer.
      expect(seconds).toBeGreaterThan(forced - 2);
      expect(seconds).toBeLessThan(10 * forced + 10);
    },
    60_000,
  );

  it("scales a sample, and says how far off that may be", async () => {
    const latents = cache.sample(24, { seed: 3, minCount: 200 });
    const options = { ...preset("economy", silent()), ...quiet };
    const whole = await plan(cache, latents, options);
    const part = await plan(cache, latents, { ...options, sample: 8 });
    const tokens = ({ stages }: typeof whole) => sum(stages, (stage) => stage.inputTokens);
    expect(whole.margin).toBe(0);
    expect(part.margin).toBeGreaterThan(0);
    expect(Math.abs(tokens(part) / tokens(whole) - 1)).toBeLessThan(2 * part.margin);
    expect((await plan(cache, latents, { ...options, sample: 1 })).margin).toBeNaN();
  });

  it("sends nothing, and says how it counted and what it scaled", async () => {
    const latents = cache.sample(5, { seed: 1, minCount: 400 });
    const options = { ...preset("economy", silent()), ...quiet, sample: 2 };
    const estimated = await plan(cache, latents, options);
    expect(estimated.notes.join("\n")).toMatch(
      /scaled from 2 of 5 latents[\s\S]*estimated at 2\.5 characters/,
    );
    const tokenizer = { encode: (text: string) => text.split(/(?=\s)/) };
    const tokenized = await plan(cache, latents, { ...options, tokenizer });
    expect(tokenized.notes.join("\n")).toContain("counted by the given tokenizer");
    const [explain] = tokenized.stages;
    expect(explain).toMatchObject({ stage: "top-activations", model: "claude-haiku-5-5", requests: 5 });
    expect(explain?.inputTokens).toBeLessThan(estimated.stages[0]?.inputTokens ?? 0);
  });

  it("reckons with longer explanations where it is told so", async () => {
    const latents = cache.sample(2, { seed: 1, minCount: 400 });
    const options = { ...preset("economy", silent()), ...quiet };
    const usual = await plan(cache, latents, options);
    const long = await plan(cache, latents, { ...options, explanation: "Many words. ".repeat(40) });
    const [explain, detect] = usual.stages.map((stage, i) => [stage, long.stages[i] as PlanStage] as const);
    expect(explain?.[1].outputTokens).toBeGreaterThan(3 * (explain?.[0].outputTokens ?? 0));
    expect(detect?.[1].inputTokens).toBeGreaterThan(detect?.[0].inputTokens ?? 0);
  });

  it("plans explainers and scorers of any kind, and still sends nothing", async () => {
    const latents = cache.sample(2, { seed: 1, minCount: 300 });
    const llm = silent();
    const examples = { train: 10, select: 10, test: 10 };
    const scorers = [intruder(llm), simulation(llm)];
    const judged = bestOf(executable(llm), { n: 2, scorer: detection(llm) });
    for (const explainer of [judged, chainOfThought(llm)]) {
      const { stages, notes } = await plan(cache, latents, { explainer, scorers, examples, ...quiet });
      expect(stages.map(({ stage }) => stage)).toEqual([explainer.name, "intruder", "simulation"]);
      expect(notes.join("\n")).not.toContain("is not counted");
    }
  }, 60_000);

  it("counts what servers of embeddings and log-probabilities would be sent, and sends nothing", async () => {
    await using server = await openAIServer();
    const service = (model: string) => ({ model, baseURL: `${server.url}/v1` });
    const place = join(scratch, "numbers");
    const prices = { input: 2, output: 0 };
    const embedder = withLedger(openAIEmbedder({ ...service("e"), prices }), place);
    const likely = withLedger(openAITokenScorer(service("s")), place);
    const judge = openAITokenScorer(service("judge"));
    const options = {
      explainer: severalSenses(topActivations(silent()), { embedder }),
      scorers: [embedding(embedder), surprisal(likely), detection(judge)],
      examples: { train: 20, test: 10 },
      ...quiet,
      nulls: false as const,
    };
    const latents = cache.sample(2, { seed: 1, minCount: 400 });
    const planned = await plan(cache, latents, options);
    expect(server.requests).toEqual([]);
    expect(existsSync(place)).toBe(false);
    const { complete } = pattern();
    const explainer = severalSenses(topActivations({ name: "claude-haiku-5-5", complete }), { embedder });
    for await (const { status } of interpret(cache, latents, { ...options, explainer })) {
      expect(status).toBe("scored");
    }
    const stage = (name: string, model: string) =>
      planned.stages.find((one) => one.stage === name && one.model === model);
    const sent = (model: string) => server.requests.filter(({ body }) => body.model === model);
    expect(stage("surprisal", "s")?.requests).toBe(sent("s").length);
    expect(stage("detection", "judge")?.requests).toBe(sent("judge").length);
    const embedded = [stage("embedding", "e"), stage(options.explainer.name, "e")];
    expect(embedded.reduce((n, one) => n + (one?.requests ?? Number.NaN), 0)).toBe(sent("e").length);
    const texts = sent("e").flatMap(({ body }) => body.input ?? []);
    const tokens = sum(embedded as PlanStage[], ({ inputTokens }) => inputTokens);
    expect(tokens / (texts.join("\n").length / charactersPerToken)).toBeCloseTo(1, 1);
    const free = await plan(cache, latents, { ...options, scorers: [], explainer: topActivations(silent()) });
    const dollars = ({ prices: rows }: typeof planned) => rows.map(({ live }) => live ?? Number.NaN);
    const added = dollars(planned).map((all, i) => all - (dollars(free)[i] as number));
    expect(Math.min(...added)).toBeGreaterThan(0);
    expect(planned.notes.join("\n")).toContain("taken to cost nothing, for want of prices: s, judge");
  }, 60_000);

  it("does not spoil a scorer's memory", async () => {
    await using server = await openAIServer();
    const latents = cache.sample(1, { seed: 1, minCount: 400 });
    const scoresOf = async (planFirst: boolean) => {
      const scorer = surprisal(openAITokenScorer({ model: "s", baseURL: `${server.url}/v1` }));
      const options = { explainer: topActivations(pattern()), scorers: [scorer], ...quiet };
      const examples = { train: 20, test: 10 };
      if (planFirst) await plan(cache, latents, { ...options, examples });
      const results = interpret(cache, latents, { ...options, examples, nulls: false });
      for await (const result of results) if (result.status === "scored") return result.scores[0]?.judgements;
      return undefined;
    };
    const judgements = await scoresOf(false);
    expect(judgements?.length).toBeGreaterThan(0);
    expect(await scoresOf(true)).toEqual(judgements);
  }, 60_000);

  it("counts latents that ask nothing", async () => {
    const latents = cache.sample(3, { seed: 1, minCount: 400 });
    const options = { ...preset("paper", silent()), ...quiet };
    const { notes, stages, times } = await plan(cache, latents, {
      ...options,
      examples: { train: 5, test: 1e6 },
    });
    expect(stages).toEqual([]);
    expect(notes.join("\n")).toContain("3 of 3 have too few examples");
    expect(times[0]).toMatchObject({ live: { seconds: 0 }, liveUncached: { seconds: 0 }, batchSeconds: 0 });
  });

  it("gives each stage its own model's price, and no price to a model that the table lacks", async () => {
    const latents = cache.sample(2, { seed: 1, minCount: 400 });
    const strong = { ...silent(), name: "claude-opus-5-5" };
    const mixed = await plan(cache, latents, {
      ...preset("economy", strong, { judge: silent() }),
      ...quiet,
    });
    const of = (model: string) => mixed.prices.find((row) => row.model === model)?.live ?? Number.NaN;
    expect(of("as given")).toBeGreaterThan(of("claude-haiku-5-5"));
    expect(of("as given")).toBeLessThan(of("claude-opus-5-5"));
    const free = await plan(cache, latents, { ...preset("economy", pattern()), ...quiet });
    expect(free.prices[0]).toMatchObject({ model: "as given", live: undefined, batch: undefined });
  });

  it("shows itself as a table", async () => {
    const latents = cache.sample(2, { seed: 1, minCount: 400 });
    const planned = await plan(cache, latents, { ...preset("economy", silent()), ...quiet });
    const bundle = await planned[jupyterDisplay]();
    expect(bundle["text/plain"]).toMatch(/^Plan for 2 latents\n\nstage +model +requests +input tokens/);
    expect(bundle["text/plain"]).toMatch(/^claude-sonnet-5-5 +\$0\.\d+ +\$0\.\d+ +\$0\.\d+ +\$0\.\d+$/m);
    expect(bundle["text/plain"]).toMatch(
      /^claude-sonnet-5-5 +\d+ s +\d+ s +2\.0 h +calls at a time; uncached input/m,
    );
    expect(bundle["text/html"]).toContain("<td");
  });

  it("refuses a sample of none", async () => {
    const options = { ...preset("economy", silent()), sample: 0 };
    await expect(plan(cache, [], options)).rejects.toThrow("Cannot plan from a sample of 0 latents");
  });
});

describe("what is asked while a run is rehearsed", () => {
  it("goes through ask(): no explainer and no scorer calls a text model by itself", () => {
    const files = ["explain", "score"].flatMap((folder) => {
      const root = join(import.meta.dirname, "..", "..", "src", folder);
      return readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => join(root, name));
    });
    const direct = files.filter(
      (file) => file.endsWith(".ts") && /\.complete\(/.test(readFileSync(file, "utf8")),
    );
    expect(direct).toEqual([]);
  });
});

describe("prices and times of a plan, by hand", () => {
  const stage: PlanStage = {
    stage: "detection",
    model: "claude-haiku-5-5",
    numbers: false,
    requests: 1000,
    inputTokens: 1_500_000,
    sharedTokens: 1_000_000,
    firstSharedTokens: 1000,
    shortestShared: 1000,
    outputTokens: 15_000,
  };
  const facts = { cacheMinimum: 0, quiet: "disabled" } as const;

  it("reads all but the first shared beginning from the cache, where it is long enough to be cached", () => {
    expect(stageUsage(stage, facts, 1)).toEqual({
      inputTokens: 1_500_000,
      cachedInputTokens: 999_000,
      cacheWriteTokens: 1000,
      outputTokens: 15_000,
    });
    expect(stageUsage(stage, facts, 0.6)).toMatchObject({
      cachedInputTokens: 599_400,
      cacheWriteTokens: 400_600,
    });
    const none = { cachedInputTokens: 0, cacheWriteTokens: 0 };
    expect(stageUsage(stage, facts, 0)).toMatchObject(none);
    expect(stageUsage(stage, { ...facts, cacheMinimum: 1024 }, 1)).toMatchObject(none);
  });

  it("adds the thoughts of models that cannot be kept from thinking", () => {
    expect(stageUsage(stage, { ...facts, quiet: "low-effort" }, 1).outputTokens).toBe(75_000);
  });

  const given = (prices?: Prices) => planPrices([{ ...stage, model: "my-model", prices }], 0.6)[0];

  it("caches for a server of one's own only where there is a price for it", () => {
    // 1,500,000 x 2 + 15,000 x 4 dollars per million.
    expect(given({ input: 2, output: 4 })).toEqual({
      model: "as given",
      ...{ live: 3.06, liveUncached: 3.06, batch: undefined, batchUncached: undefined },
    });
    // 500,000 x 2 + 1000 x 3 + 999,000 x 1 + 15,000 x 4.
    const cached = given({ input: 2, output: 4, cacheRead: 1, cacheWrite: 3 });
    expect(cached).toMatchObject({ live: 2.062, liveUncached: 3.06 });
    expect(given()).toMatchObject({ live: undefined, liveUncached: undefined });
  });

  it("prices long prompts as long ones, not the sum of short ones", () => {
    const live = (requests: number) => planPrices([{ ...stage, requests }], 0.6)[0]?.liveUncached;
    expect(live(15)).toBeCloseTo(0.1575, 10);
    expect(live(14)).toBeCloseTo(5 * 0.1575, 10);
  });

  const wide: Pace = {
    requestsPerMinute: 1e9,
    inputTokensPerMinute: 1e9,
    outputTokensPerMinute: 1e9,
    concurrency: 1e9,
    secondsPerCall: 3,
    hoursPerBatch: 1,
  };
  const times = (pace: Partial<Pace>, model = "claude-haiku-5-5", prices?: Prices) =>
    planTimes([{ ...stage, model, prices }], { pace: { ...wide, ...pace }, rounds: 2 });

  it.each([
    [{ outputTokensPerMinute: 1000 }, 906, "output tokens per minute"],
    [{ requestsPerMinute: 100 }, 606, "requests per minute"],
    [{ concurrency: 10 }, 306, "calls at a time"],
    [{ inputTokensPerMinute: 501_000 }, 66, "input tokens per minute"],
  ])("takes as long as the tightest limit of %j, and a call more for every round", (pace, seconds, limit) => {
    const [row] = times(pace);
    expect(row).toMatchObject({ model: "as given", live: { seconds, limit }, batchSeconds: 7200 });
  });

  it("takes as long as all input needs, where nothing is cached", () => {
    const pace = { inputTokensPerMinute: 100_000 };
    const [asGiven, ...others] = times(pace);
    // 501,000 tokens, or all 1,500,000.
    expect(asGiven?.live.seconds).toBeCloseTo(300.6 + 6, 9);
    expect(asGiven?.liveUncached.seconds).toBe(906);
    expect(others.map(({ model }) => model)).toEqual(knownModels());
    const haiku = others.find(({ model }) => model === "claude-haiku-4-5");
    expect(haiku).toMatchObject({ live: { seconds: 906 }, liveUncached: { seconds: 906 } });
    // Servers of one's own cache nothing as far as we know, and if they do, they count it.
    for (const prices of [undefined, { input: 1, output: 2 }, { input: 1, output: 2, cacheRead: 0.1 }]) {
      expect(times(pace, "my-model", prices)[0]).toMatchObject({
        ...{ live: { seconds: 906 }, liveUncached: { seconds: 906 } },
        batchSeconds: undefined,
      });
    }
  });

  it("takes longer for models that always think", () => {
    const rows = times({ outputTokensPerMinute: 1000 });
    expect(rows.find(({ model }) => model === "claude-opus-5-5")?.live.seconds).toBe(4506);
  });
});
