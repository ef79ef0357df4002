/** Replies of real calls over the network: kept under all that they hang on, and found again when the server is gone. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import { claude } from "../../src/llm/claude.js";
import { exportLedger } from "../../src/llm/export-ledger.js";
import { openLedgerFile } from "../../src/llm/ledger.js";
import { ledgerSummary } from "../../src/llm/ledger-summary.js";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import { openAIEmbedder } from "../../src/llm/openai-embedder.js";
import { openAITokenScorer } from "../../src/llm/openai-token-scorer.js";
import { replay } from "../../src/llm/replay.js";
import { replayEmbedder } from "../../src/llm/replay-embedder.js";
import { replayTokenScorer } from "../../src/llm/replay-token-scorer.js";
import type { TextRequest } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { row, tensor } from "../../src/tensor.js";
import { type OpenAIServer, openAIServer } from "../servers/openai-server.js";

let folder: string;
let server: OpenAIServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "saelab-ledger-servers-"));
  server = await openAIServer({ answer: () => "first" });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function service(options: object = {}) {
  return { model: "rules", baseURL: `${server.url}/v1`, ...options };
}

const question: TextRequest = { system: "s", messages: [{ role: "user", content: "q" }], maxTokens: 10 };

describe("withLedger(openAICompatible())", () => {
  const ask = async (options: object) =>
    (await withLedger(openAICompatible(service(options)), folder).complete(question)).text;

  it("asks again where something else is added to every request", async () => {
    const schema = (name: string) => ({ response_format: { json_schema: { name, schema: { type: name } } } });
    const extras = [{ seed: 1 }, { seed: 2 }, { seed: 1, top_p: 0.5 }, schema("a"), { stop: null }, {}];
    for (const extra of [...extras, ...extras]) await ask({ extra });
    await ask({ extra: { top_p: 0.5, seed: 1 } });
    await ask({ extra: undefined });
    expect(server.requests).toHaveLength(extras.length);
  });

  it("asks another server itself, even for a model of the same name", async () => {
    await using other = await openAIServer({ answer: () => "second" });
    expect([await ask({}), await ask({ baseURL: `${other.url}/v1` }), await ask({})]).toEqual([
      "first",
      "second",
      "first",
    ]);
    expect([server.requests.length, other.requests.length]).toEqual([1, 1]);
  });

  it("finds the replies of a server that has moved, where the server has a name", async () => {
    await using other = await openAIServer({ answer: () => "second" });
    await ask({ server: "the box" });
    expect(await ask({ server: "the box", baseURL: `${other.url}/v1/` })).toBe("first");
    expect(other.requests).toEqual([]);
  });

  it("keeps no more of an address than says which server it is", () => {
    const baseURL = "https://models.example/v1/?key=hidden#hidden";
    const { settings } = openAICompatible({ model: "rules", baseURL, apiKey: "k" });
    expect(settings).toEqual({ server: "https://models.example/v1" });
  });

  it("has nothing to add for OpenAI's own service, nor for Claude, wherever it is asked", () => {
    expect(openAICompatible({ model: "gpt", apiKey: "k" }).settings).toEqual({});
    const given = { apiKey: "k", baseURL: "http://127.0.0.1:1" };
    expect(claude(given).settings).toEqual({});
    expect(claude({ ...given, model: "other" }).settings).toEqual({ server: "http://127.0.0.1:1" });
  });
});

describe("withLedger(openAIEmbedder())", () => {
  const texts = Array.from({ length: 150 }, (_, i) => (i === 70 ? "" : `text ${i % 140}`));
  const kept = (options: object = {}) => withLedger(openAIEmbedder(service(options)), folder);

  it("sends each text once, whatever it is asked with, and gives the vectors that the embedder gives", async () => {
    const direct = await openAIEmbedder(service()).embed(texts);
    const before = server.requests.length;
    const embedder = kept();
    const [first, again] = await Promise.all([embedder.embed(texts), embedder.embed([...texts].reverse())]);
    expect(first).toEqual(direct);
    expect(row(again, 0)).toEqual(row(direct, 149));
    expect(server.requests.length - before).toBe(3);
    expect(await kept().embed(texts.slice(30, 40))).toEqual(
      tensor(direct.data.slice(30 * 8, 40 * 8), [10, 8]),
    );
    expect(server.requests.length - before).toBe(3);
    expect((await kept().embed([...texts, "new"])).shape).toEqual([151, 8]);
    expect(server.requests.at(-1)?.body.input).toEqual(["new"]);
    await kept({ server: "another" }).embed(["new"]);
    expect(server.requests.length - before).toBe(5);
  });

  it("keeps what was answered when a call fails, records the failure, and asks again for that alone", async () => {
    server.fail({ kind: "status", status: 413 });
    await expect(kept().embed(texts)).rejects.toThrow(ModelCallError);
    await expect.poll(() => ledgerSummary(folder).models[0]?.outcomes).toEqual({ ok: 2, failed: 1 });
    await kept().embed(texts);
    expect(server.requests).toHaveLength(4);
    expect(server.requests[3]?.body).toEqual(server.requests[0]?.body);
    expect(ledgerSummary(folder).text).toMatch(/^rules: 4 calls · 3 ok, 1 failed · [\d,]+ input tokens/);
  });

  it("lets go at once of a caller who gives up", async () => {
    server.fail({ kind: "hang" });
    const embedder = kept();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => embedder.embed(["a"], { signal }));
    controllers[1]?.abort(new Error("enough"));
    await expect(calls[1]).rejects.toThrow("enough");
    controllers[0]?.abort(new Error("over"));
    await expect(calls[0]).rejects.toThrow("over");
  });

  it("is billed at the prices that were given", async () => {
    const prices = { input: 1_000_000, output: 0 };
    await kept({ prices }).embed(["one two"]);
    const [summary] = ledgerSummary(folder).models;
    expect(summary?.inputTokens).toBeGreaterThan(0);
    expect(summary?.dollars).toBe(summary?.inputTokens);
  });
});

describe("withLedger(openAITokenScorer())", () => {
  const kept = () => withLedger(openAITokenScorer(service()), folder);
  const choosing = { candidates: ["0", "9"] };

  it("makes no call in a second run", async () => {
    const direct = openAITokenScorer(service());
    const prompts = ["about the cat\n", ["the cat", "", " cat😀!", "the cat"]] as const;
    const scores = await direct.score(...prompts);
    const choices = await direct.choose("about cats\n", ["cats\t", "9\ndogs\t"], choosing);
    const before = server.requests.length;
    for (const _ of [1, 2]) {
      expect(await kept().score(...prompts)).toEqual(scores);
      expect(await kept().choose("about cats\n", ["cats\t", "9\ndogs\t"], choosing)).toEqual(choices);
    }
    expect(server.requests.length - before).toBe(3);
    await kept().choose("about cats\n", ["cats\t", "9\ndogs\t"], { candidates: ["9", "0"] });
    await kept().score("about a cat\n", ["the cat"]);
    expect(server.requests.length - before).toBe(5);
  });
});

describe("replayEmbedder(), replayTokenScorer()", () => {
  it("answer when the server is gone, from the ledger that holds replies, too", async () => {
    const llm = withLedger(openAICompatible(service()), folder);
    const embedder = withLedger(openAIEmbedder(service({ model: "e" })), folder);
    const scorer = withLedger(openAITokenScorer(service({ model: "s" })), folder);
    const reply = await llm.complete(question);
    const vectors = await embedder.embed(["a", "b", ""]);
    const scores = await scorer.score("p\n", ["the cat"]);
    const choices = await scorer.choose("p\n", ["cats\t"], { candidates: ["0", "1"] });
    await server.close();
    const shipped = join(folder, "shipped.sqlite");
    openLedgerFile(folder).row(`VACUUM INTO '${shipped}'`);
    const bytes = readFileSync(shipped);

    expect(await replay(shipped).complete(question)).toMatchObject({ text: reply.text });
    expect(await replayEmbedder(shipped).embed(["a", "b", ""])).toEqual(vectors);
    expect(await replayTokenScorer(shipped).score("p\n", ["the cat"])).toEqual(scores);
    expect(await replayTokenScorer(shipped).choose("p\n", ["cats\t"], { candidates: ["0", "1"] })).toEqual(
      choices,
    );
    await expect(replayEmbedder(shipped).embed(["a", "c"])).rejects.toThrow(
      /as "e" from .* not in the ledger/,
    );
    await expect(replayTokenScorer(shipped).score("q\n", ["the cat"])).rejects.toThrow(/as "s" from/);
    expect(replayEmbedder(shipped).settings).toEqual(embedder.settings);
    expect(readFileSync(shipped).equals(bytes)).toBe(true);
  });

  it("say what a ledger lacks, and leave one of earlier versions as it is", async () => {
    await withLedger(openAICompatible(service()), folder).complete(question);
    expect(() => replayEmbedder(folder)).toThrow("it holds no numbers; make them with withLedger()");
    expect(() => replayTokenScorer(folder)).toThrow("it holds no numbers");
    expect(openLedgerFile(folder).rows("SELECT name FROM sqlite_master WHERE name = 'numbers'")).toEqual([]);
  });
});

describe("ledgerSummary(), exportLedger()", () => {
  it("count calls for vectors and log-probabilities, a row for each call", async () => {
    await withLedger(openAIEmbedder(service({ model: "e" })), folder).embed(["a", "b"]);
    await withLedger(openAITokenScorer(service({ model: "s" })), folder).score("p\n", ["x", "y"]);
    expect(ledgerSummary(folder).models).toMatchObject([
      { model: "e", calls: 1, outcomes: { ok: 1 } },
      { model: "s", calls: 2, outcomes: { ok: 2 }, inputTokens: expect.any(Number) },
    ]);
    const path = join(folder, "calls.arrow");
    await exportLedger(folder, path);
    const rows = tableFromIPC(readFileSync(path)).toArray();
    expect(
      rows.map(({ model, preamble, question, outcome }) => [model, preamble, question, outcome]),
    ).toEqual([
      ["e", "", '["a","b"]', "ok"],
      ["s", "p\n", "x", "ok"],
      ["s", "p\n", "y", "ok"],
    ]);
  });
});

describe("replay()", () => {
  it("answers for a server that is gone, with its settings", async () => {
    const llm = openAICompatible(service({ extra: { seed: 1 } }));
    await withLedger(llm, folder).complete(question);
    await server.close();
    const offline = replay(folder);
    expect(offline.settings).toEqual(llm.settings);
    expect((await offline.complete(question)).text).toBe("first");
  });

  it("asks which settings are meant where there are several", async () => {
    for (const seed of [1, 2]) {
      await withLedger(openAICompatible(service({ server: "box", extra: { seed } })), folder).complete(
        question,
      );
    }
    expect(() => replay(folder)).toThrow(
      'it holds replies of "rules" with {"extra":{"seed":1},"server":"box"}, "rules" with {"extra":{"seed":2},"server":"box"}; name one of these',
    );
    const second = replay(folder, { model: "rules", settings: { extra: { seed: 2 } } });
    expect(second.settings).toEqual({ server: "box", extra: { seed: 2 } });
    expect((await second.complete(question)).text).toBe("first");
    expect(() => replay(folder, { settings: { server: "other" } })).toThrow(
      /as \{"server":"other"\}: it holds/,
    );
  });
});
