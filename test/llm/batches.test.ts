/** Message Batches by the real SDK against a loopback server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModelCallError } from "../../src/errors.js";
import type { BatchEvent } from "../../src/llm/batches.js";
import { openBatchesStore } from "../../src/llm/batches-store.js";
import { budget } from "../../src/llm/budget.js";
import { claude } from "../../src/llm/claude.js";
import { type ClaudeBatchesOptions, claudeBatches } from "../../src/llm/claude-batches.js";
import { openLedgerFile } from "../../src/llm/ledger.js";
import { price } from "../../src/llm/model-facts.js";
import { addressRequest } from "../../src/llm/request-key.js";
import type { TextReply, TextRequest } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { type MessageBatchesOptions, messageBatches } from "../servers/message-batches.js";
import { messagesServer } from "../servers/messages-server.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "saelab-batches-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const answer = (question: string) => `reply to ${question}`;
const quick = { apiKey: "sk-ant-test-0123456789", idleMs: 20, pollMs: [5, 20], settleMs: 50 } as const;

function request(content: string): TextRequest {
  return { system: "Answer.", messages: [{ role: "user", content }], maxTokens: 10 };
}

async function fake(options: MessageBatchesOptions = {}) {
  const batches = messageBatches({ answer, ...options });
  const server = await messagesServer({ answer, routes: [batches.route] });
  const events: BatchEvent[] = [];
  const model = (more: ClaudeBatchesOptions = {}) =>
    claudeBatches(folder, { ...quick, baseURL: server.url, onBatch: (event) => events.push(event), ...more });
  const kinds = () => events.map(({ kind }) => kind);
  return { batches, server, model, events, kinds, [Symbol.asyncDispose]: () => server.close() };
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `question ${i}`);

describe("claudeBatches()", () => {
  it("sends what is asked at the same time as one batch, and gives everybody their own reply", async () => {
    await using service = await fake({ looks: 3 });
    const model = service.model();
    const replies = await Promise.all(names(50).map((name) => model.complete(request(name))));
    expect(replies.map(({ text }) => text)).toEqual(names(50).map(answer));
    expect(service.events).toEqual([
      { kind: "sent", batch: "msgbatch_1", requests: 50 },
      { kind: "ended", batch: "msgbatch_1", requests: 50 },
    ]);
  });

  it("halves the price, and says so in the ledger", async () => {
    await using service = await fake();
    const reply = await service.model().complete(request("a"));
    expect(reply.dollars).toBeCloseTo((price("claude-haiku-5-5", reply.usage) as number) / 2, 12);
    const [row] = openLedgerFile(folder).rows("SELECT dollars FROM call");
    expect(row).toEqual([reply.dollars]);
  });

  it("shares its ledger with live calls", async () => {
    await using service = await fake();
    await service.model().complete(request("a"));
    const live = withLedger(claude({ ...quick, baseURL: service.server.url }), folder);
    expect((await live.complete(request("a"))).text).toBe("reply to a");
    expect(service.server.requests.filter(({ path }) => path === "/v1/messages")).toEqual([]);
  });

  it.each([
    ["requests", { maxRequests: 20 }],
    ["bytes", { maxBytes: 20 * 300 }],
  ])("divides a batch by %s", async (_, limit) => {
    await using service = await fake({ maxRequests: 25 });
    const model = service.model(limit);
    await Promise.all(names(50).map((name) => model.complete(request(name))));
    expect(service.batches.batches.length).toBeGreaterThanOrEqual(3);
    expect(service.batches.billed.size).toBe(50);
  });

  it("halves a batch that the service finds too large", async () => {
    await using service = await fake({ maxRequests: 10 });
    const model = service.model();
    const replies = await Promise.all(names(25).map((name) => model.complete(request(name))));
    expect(replies.map(({ text }) => text)).toEqual(names(25).map(answer));
    expect(service.batches.batches.every(({ rows }) => rows.length <= 10)).toBe(true);
  });

  it("puts what the service did not get to into the next batch, and pays for nothing twice", async () => {
    await using service = await fake({ errored: 0.2, expired: 0.2, cutResults: 1, seed: 7 });
    const model = service.model();
    const replies = await Promise.all(names(100).map((name) => model.complete(request(name))));
    expect(replies.map(({ text }) => text)).toEqual(names(100).map(answer));
    expect(service.batches.batches.length).toBeGreaterThan(1);
    service.batches.endAll();
    expect([...service.batches.billed.values()].every((times) => times === 1)).toBe(true);
  });

  it("finds a batch that was made although the connection broke", async () => {
    await using service = await fake({ resetAfterCreate: 1, page: 2 });
    const model = service.model();
    const replies = await Promise.all(names(30).map((name) => model.complete(request(name))));
    expect(replies).toHaveLength(30);
    expect(service.kinds()).toEqual(["adopted", "ended"]);
    expect(service.batches.batches).toHaveLength(1);
  });

  it("does not take another's batch of the same size for its own", async () => {
    await using service = await fake({ resetAfterCreate: 1 });
    const other = claudeBatches(join(folder, "other"), { ...quick, baseURL: service.server.url });
    const theirs = Promise.all(names(10).map((name) => other.complete(request(`their ${name}`))));
    const model = service.model();
    const replies = await Promise.all(names(10).map((name) => model.complete(request(name))));
    expect(replies.map(({ text }) => text)).toEqual(names(10).map(answer));
    expect((await theirs).map(({ text }) => text)).toEqual(names(10).map((name) => answer(`their ${name}`)));
    expect(service.batches.batches).toHaveLength(2);
  });

  it("sends anew what was claimed by a process that died before it sent anything", async () => {
    await using service = await fake();
    openBatchesStore(folder).claim(names(3).map((name) => keyOf(name)));
    const model = service.model();
    await Promise.all(names(3).map((name) => model.complete(request(name))));
    expect(service.kinds()).toEqual(["not found", "sent", "ended"]);
  });

  it("fails what was canceled, and asks anew when run again", async () => {
    await using service = await fake({ looks: 20 });
    const waiting = service.model().complete(request("a"));
    await until(() => service.batches.batches.length === 1);
    await fetch(`${service.server.url}/v1/messages/batches/msgbatch_1/cancel`, {
      method: "POST",
      body: "{}",
    });
    await expect(waiting).rejects.toMatchObject({ scope: "call", message: /msgbatch_1 was canceled/ });
    expect((await service.model().complete(request("a"))).text).toBe("reply to a");
    expect(service.batches.billed.get("a")).toBe(1);
  });

  it("fails only the request that the service cannot read", async () => {
    await using service = await fake();
    service.batches.spoil((question) => question === "question 3");
    const model = service.model();
    const settled = await Promise.allSettled(names(5).map((name) => model.complete(request(name))));
    expect(settled.map(({ status }) => status)).toEqual(
      names(5).map((name) => (name === "question 3" ? "rejected" : "fulfilled")),
    );
    const [failed] = settled.filter((one) => one.status === "rejected");
    expect(failed?.reason).toBeInstanceOf(ModelCallError);
    expect(failed?.reason).toMatchObject({ scope: "call", message: /invalid_request_error/ });
  });

  it("leaves a batch alone when its caller gives up, and reads it when asked again", async () => {
    await using service = await fake({ looks: 10 });
    const stop = new AbortController();
    const model = service.model();
    const first = model.complete(request("a"), { signal: stop.signal });
    await until(() => service.batches.batches.length === 1);
    stop.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    // By the same model at once, and by a new one, as when a cell is run again.
    const replies: TextReply[] = await Promise.all(
      [model, service.model()].map((asked) => asked.complete(request("a"))),
    );
    expect(replies.map(({ text }) => text)).toEqual(["reply to a", "reply to a"]);
    expect(service.batches.batches).toHaveLength(1);
    expect(service.batches.billed.get("a")).toBe(1);
  });

  it("stops before a budget is passed, at the price of batches", async () => {
    await using service = await fake();
    const funds = budget({ maxDollars: 0.0002 });
    const model = service.model({ budget: funds });
    const settled = await Promise.allSettled(names(200).map((name) => model.complete(request(name))));
    const dollars = settled.map((one) => (one.status === "fulfilled" ? (one.value.dollars ?? 0) : 0));
    expect(funds.spent.dollars).toBeCloseTo(
      dollars.reduce((sum, part) => sum + part, 0),
      12,
    );
    expect(funds.spent.dollars).toBeLessThanOrEqual(0.0002);
    expect(settled.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(settled.find(({ status }) => status === "rejected")).toMatchObject({ reason: { scope: "stop" } });
  });

  it("stops the run when the key is refused, and says what to do", async () => {
    await using server = await messagesServer({
      routes: [
        ({ response }) => {
          const error = { type: "authentication_error", message: "invalid bearer token" };
          response.writeHead(401, { "content-type": "application/json" });
          response.end(JSON.stringify({ type: "error", error }));
          return true;
        },
      ],
    });
    const model = claudeBatches(folder, { ...quick, baseURL: server.url });
    await expect(model.complete(request("a"))).rejects.toMatchObject({
      scope: "stop",
      message: /check ANTHROPIC_API_KEY/,
    });
    expect(openLedgerFile(folder).rows("SELECT * FROM batch_intent")).toEqual([]);
  });
});

function keyOf(name: string): string {
  return addressRequest("claude-haiku-5-5", request(name)).key;
}

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < 2000; tries++)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
