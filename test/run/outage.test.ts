import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { ModelCallError } from "../../src/errors.js";
import { bestOf } from "../../src/explain/best-of.js";
import { refine } from "../../src/explain/refine.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { claude } from "../../src/llm/claude.js";
import type { TextModel } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { type InterpretOptions, interpret } from "../../src/run/interpret.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { plantedCache, plantedNames } from "../score/planted-latents.js";
import { lastQuestion, type MessagesServer, messagesServer } from "../servers/messages-server.js";
import { counted } from "./counted-model.js";

const scratch = mkdtempSync(join(tmpdir(), "saelab-outage-"));
let cache: LatentCache;
let remove: () => void;
/** A run of `parts` that met no outage, and the questions that it asked. */
let calm: Interpretation[];
let asked: string[];

beforeAll(async () => {
  ({ cache, remove } = await plantedCache());
  await using server = await messagesServer();
  calm = await run(parts(kept(server, join(scratch, "calm"))));
  asked = answered(server);
}, 60_000);
afterAll(async () => {
  remove?.();
  await rm(scratch, { recursive: true, force: true });
});

type Scored = Extract<Interpretation, { status: "scored" }>;

const latents = (count = 3) =>
  plantedNames.slice(0, count).map((_, index) => ({ hookpoint: cache.hookpoint, index }));

async function run(
  options: Partial<InterpretOptions> & Pick<InterpretOptions, "explainer" | "scorers">,
  wanted = latents(),
) {
  const results: Interpretation[] = [];
  const usual = {
    examples: { train: 20, test: 10, select: 10, selectNonActivating: 10 },
    nulls: { share: 1, runs: false } as const,
    onProgress: false as const,
  };
  for await (const result of interpret(cache, wanted, { ...usual, ...options })) {
    if (result.status !== "null run") results.push(result);
  }
  return results;
}

/** The real SDK with a ledger, both made anew as by a process that starts again. */
function kept(server: MessagesServer, folder: string): TextModel {
  const service = claude({ apiKey: "test-key-of-the-outage", baseURL: server.url, maxRetries: 0 });
  return withLedger(service, join(folder, "ledger"));
}

const parts = (llm: TextModel) => ({
  explainer: topActivations(llm),
  scorers: [detection(llm), fuzzing(llm)],
});

/** What a run says, without what it cost: that depends on what the prompt cache happened to hold. */
const said = (results: readonly unknown[]) =>
  JSON.parse(JSON.stringify(results, (key, value) => (key === "usage" ? undefined : value)));

/** The questions that were answered. */
const answered = (server: MessagesServer, from = 0) =>
  server.requests
    .slice(from)
    .filter(({ status }) => status === 200)
    .map(({ body }) => JSON.stringify([body.system, lastQuestion(body)]));

const isExplaining = (question: string) => /Marked examples/.test(question);
let seen = 0;

describe("a run that is taken up after an outage", () => {
  it.each<[string, (question: string) => boolean]>([
    ["of all judges", (question) => !isExplaining(question)],
    ["that meets a third of the judgements", (question) => !isExplaining(question) && ++seen % 3 === 0],
    ["of the explainer", isExplaining],
  ])(
    "asks again for what was lost in one %s, and for nothing else",
    async (name, isLost) => {
      await using server = await messagesServer();
      let down = true;
      seen = 0;
      server.failWhen((question) => down && isLost(question), { kind: "status", status: 503 });
      const directory = join(scratch, name);
      const again = () => run({ ...parts(kept(server, directory)), directory });
      expect(said(await again())).not.toEqual(said(calm));
      down = false;
      const from = server.requests.length;
      expect(said(await again())).toEqual(said(calm));
      // What had been answered was not sent again.
      expect(answered(server).toSorted()).toEqual(asked.toSorted());
      expect(answered(server, from)).toHaveLength(server.requests.length - from);

      const calls = server.requests.length;
      expect(said(await again())).toEqual(said(calm));
      expect(server.requests.length).toBe(calls);
    },
    60_000,
  );

  it("asks again where every other call was lost, whoever's explanation a null was then made of", async () => {
    await using server = await messagesServer();
    let down = true;
    seen = 0;
    server.failWhen(() => down && ++seen % 2 === 0, { kind: "status", status: 503 });
    const directory = join(scratch, "half");
    const again = () => run({ ...parts(kept(server, directory)), directory });
    await again();
    down = false;
    const results = await again();
    const scores = (all: readonly Interpretation[]) =>
      said(all).map((one: Scored) => [one.status, one.scores]);
    expect(scores(results)).toEqual(scores(calm));
    for (const { nulls = [] } of results as Scored[]) {
      expect(nulls.filter(({ kind }) => kind === "another latent" || kind === "blank")).toHaveLength(4);
      expect(nulls.filter(({ incomplete }) => incomplete)).toEqual([]);
    }
    expect(new Set(answered(server)).size).toBe(answered(server).length);
    const calls = server.requests.length;
    await again();
    expect(server.requests.length).toBe(calls);
  }, 60_000);

  it("ends soon where the service asks for a long wait, and goes on where it was afterwards", async () => {
    await using server = await messagesServer();
    const directory = join(scratch, "wait");
    const again = () => run({ ...parts(kept(server, directory)), directory });
    seen = 0;
    server.failWhen(() => ++seen > 20 && seen < 100, {
      ...{ kind: "status", status: 429, message: "slow down" },
      headers: { "retry-after": "3600" },
    });
    const first = await again();
    expect(JSON.stringify(first)).toContain("status 429: slow down, and it asks to wait 60 min");
    // What was under way when it asked, and nothing after that.
    expect(server.requests.length).toBeLessThan(20 + 64);
    seen = 100;
    expect(said(await again())).toEqual(said(calm));
    expect(answered(server).toSorted()).toEqual(asked.toSorted());
  }, 60_000);

  it.each<[string, (llm: TextModel) => InterpretOptions["explainer"]]>([
    ["the best of several", (llm) => bestOf(topActivations(llm), { scorer: detection(llm), n: 3 })],
    [
      "one refined by its mistakes",
      (llm) => refine(topActivations(llm), { llm, scorer: detection(llm), rounds: 2 }),
    ],
  ])(
    "chooses an explanation anew that was %s, where choosing met the outage",
    async (name, explainer) => {
      const made = (llm: TextModel) => ({ ...parts(llm), explainer: explainer(llm), nulls: false as const });
      await using whole = await messagesServer();
      const calm = await run(made(kept(whole, join(scratch, `calm ${name}`))));
      await using server = await messagesServer();
      let down = true;
      seen = 0;
      server.failWhen(() => down && ++seen % 4 === 0, { kind: "status", status: 503 });
      const directory = join(scratch, name);
      const again = () => run({ ...made(kept(server, directory)), directory });
      await again();
      down = false;
      expect(said(await again())).toEqual(said(calm));
      const calls = server.requests.length;
      await again();
      expect(server.requests.length).toBe(calls);
    },
    60_000,
  );

  it("keeps what the model answered, refusals and unreadable replies too, without a ledger", async () => {
    const { llm, counter } = counted();
    const odd: TextModel = {
      name: "odd",
      async complete(request, options) {
        const reply = await llm.complete(request, options);
        const stop = (["refused", "truncated", "end", "end"] as const)[counter.calls % 4];
        return { ...reply, stop, text: counter.calls % 4 === 2 ? "What do you mean?" : reply.text };
      },
    };
    const directory = join(scratch, "odd");
    const first = await run({ ...parts(odd), directory });
    const calls = counter.calls;
    expect(said(await run({ ...parts(odd), directory }))).toEqual(said(first));
    expect(counter.calls).toBe(calls);
  });

  it("keeps nulls that were paid for, also where a run over fewer latents draws none", async () => {
    let down = true;
    const good = counted();
    const bad = counted((call) =>
      down && call % 3 === 0 ? new ModelCallError("The service is down", "retry", 503) : undefined,
    );
    const how = {
      ...{ explainer: topActivations(good.llm), scorers: [detection(good.llm), fuzzing(bad.llm)] },
      ...{ directory: join(scratch, "nulls"), nulls: { share: 0.5, runs: false } as const },
    };
    const paid = (result: Interpretation) =>
      ((result as Scored).nulls ?? []).filter(
        ({ kind, scorer, usage }) => scorer === "detection" && /another|blank/.test(kind) && usage,
      );
    const ten = (await run(how, latents(10))) as Scored[];
    const drawn = ten.find((result) => paid(result).length > 0) as Scored;
    expect(paid(drawn)).toHaveLength(2);
    down = false;
    const calls = good.counter.calls;
    const [alone] = (await run(how, [drawn.latent])) as [Scored];
    expect(alone.scores.map(({ unanswered }) => unanswered)).toEqual([0, 0]);
    expect(said([paid(alone)])).toEqual(said([paid(drawn)]));
    expect(good.counter.calls).toBe(calls);
  });

  it("asks, without a ledger, only the scorers that lost judgements, and loses none in the next outage", async () => {
    let down = (_call: number) => false;
    const good = counted();
    const bad = counted((call) =>
      down(call) ? new ModelCallError("The service is down", "retry", 503) : undefined,
    );
    const directory = join(scratch, "no ledger");
    const again = () =>
      run({
        ...{ explainer: topActivations(good.llm), directory, nulls: false },
        scorers: [detection(bad.llm), fuzzing(good.llm)],
      });
    down = (call) => call % 3 === 0;
    const first = (await again()) as Scored[];
    const calls = good.counter.calls;
    down = () => true;
    const second = (await again()) as Scored[];
    expect(good.counter.calls).toBe(calls);
    expect(said(second)).toEqual(said(first));
    expect(second.some(({ scores }) => scores[0].unanswered > 0 && scores[0].answered > 0)).toBe(true);
    down = () => false;
    const third = (await again()) as Scored[];
    expect(third.every(({ scores }) => scores[0].unanswered === 0)).toBe(true);
    expect(good.counter.calls).toBe(calls);
  });
});
