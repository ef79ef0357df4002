/**
 * Message Batches for the fake Messages API: made, listed in pages, looked at, canceled, deleted, and their results in an
 * order of their own; with the faults that a client must survive. Keeps count of what was billed.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Random, seededRandom } from "../../src/random.js";
import { sendJson } from "./faults.js";
import type { Exchange } from "./loopback.js";
import { lastQuestion, messageTo, promptCache, ruleAnswer, type SentBody } from "./messages-server.js";

export interface MessageBatchesOptions {
  /** Answers the last message. Default: the rule-based model. */
  answer?: ((question: string) => string) | undefined;
  seed?: number | string | undefined;
  /** A batch is in progress for so many looks at it. Default: 1. */
  looks?: number | undefined;
  /** Share of requests that end in an error of the service, or expire, when first sent. Default: 0. */
  errored?: number | undefined;
  expired?: number | undefined;
  /** Share of batches whose results break off half way when first read. Default: 0. */
  cutResults?: number | undefined;
  /** Share of batches that are made although the connection breaks before the answer. Default: 0. */
  resetAfterCreate?: number | undefined;
  /** Share of requests that look for their beginning in the prompt cache, evenly spread. Default: 1. */
  cacheHits?: number | undefined;
  /** Batches in a page of the list at most. Default: 20. */
  page?: number | undefined;
  /** Bytes and requests that a batch may have. Default: as the service. */
  maxBytes?: number | undefined;
  maxRequests?: number | undefined;
  /** Called before each step, by its name; may never return. */
  onStep?: ((step: BatchStep) => void) | undefined;
}

export type BatchStep = "create" | "created" | "look" | "list" | "results" | "result";

/** `invalid` is an error of the request itself. */
type Fate = "succeeded" | "errored" | "invalid" | "expired" | "canceled";

interface Row {
  readonly id: string;
  readonly body: SentBody;
  fate: Fate;
}

export interface ServedBatch {
  readonly id: string;
  readonly at: string;
  readonly rows: Row[];
  looks: number;
  ended: boolean;
  canceled: boolean;
  reads: number;
}

export interface MessageBatches {
  /** For `messagesServer({ routes: [route] })`. */
  readonly route: (exchange: Exchange<SentBody>) => boolean;
  /** Oldest first. */
  readonly batches: readonly ServedBatch[];
  /** How often the answer to each question was billed. */
  readonly billed: ReadonlyMap<string, number>;
  /** What the answers used, at full price; a batch costs half of it. */
  readonly usage: { input: number; cacheRead: number; cacheWrite: number; output: number };
  /** Ends, and bills, every batch, also those that nobody looks at. */
  endAll(): void;
  /** Makes requests with such a question fail for good, with an error of the request itself. */
  spoil(when: (question: string) => boolean): void;
}

export function messageBatches(options: MessageBatchesOptions = {}): MessageBatches {
  return new FakeBatches(options);
}

class FakeBatches implements MessageBatches {
  readonly batches: ServedBatch[] = [];
  readonly billed = new Map<string, number>();
  readonly usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
  readonly #options: MessageBatchesOptions;
  readonly #random: Random;
  readonly #sentBefore = new Set<string>();
  readonly #spoilt: ((question: string) => boolean)[] = [];
  readonly #replies = new WeakMap<Row, object>();
  readonly #cache = promptCache(0);
  #worked = 0;

  constructor(options: MessageBatchesOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? "batches");
  }

  endAll(): void {
    for (const batch of this.batches) if (!batch.ended) this.#end(batch);
  }

  spoil(when: (question: string) => boolean): void {
    this.#spoilt.push(when);
  }

  readonly route = (exchange: Exchange<SentBody>): boolean => {
    const { request, response, url } = exchange;
    const [, id, part] = /^\/v1\/messages\/batches(?:\/([^/]+))?(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    if (!url.pathname.startsWith("/v1/messages/batches")) return false;
    const asked = `${request.method} ${part ?? (id ? "batch" : "batches")}`;
    const batch = this.batches.find((known) => known.id === id);
    if (asked === "POST batches") this.#create(exchange);
    else if (asked === "GET batches") this.#list(exchange);
    else if (!batch) fail(response, 404, "not_found_error");
    else if (asked === "GET batch") this.#look(batch, exchange);
    else if (asked === "GET results") this.#results(batch, exchange);
    else if (asked === "POST cancel") cancel(batch, exchange);
    else if (asked === "DELETE batch") remove(this.batches, batch, response);
    else return false;
    return true;
  };

  #step(step: BatchStep): void {
    this.#options.onStep?.(step);
  }

  #fateOf(body: SentBody): Fate {
    const question = lastQuestion(body);
    const isNew = !this.#sentBefore.has(question);
    this.#sentBefore.add(question);
    const draw = this.#random.random();
    if (this.#spoilt.some((when) => when(question))) return "invalid";
    if (isNew && draw < (this.#options.errored ?? 0)) return "errored";
    return isNew && draw > 1 - (this.#options.expired ?? 0) ? "expired" : "succeeded";
  }

  /** What a request came to is settled, and billed, when its batch ends. */
  #end(batch: ServedBatch): void {
    batch.ended = true;
    for (const row of batch.rows) if (row.fate === "succeeded") this.#bill(row);
  }

  #bill(row: Row): void {
    const question = lastQuestion(row.body);
    const answer = (this.#options.answer ?? ruleAnswer)(question);
    const reply = messageTo(row.body, answer, this.#cache.bill(row.body, this.#looksForCache()));
    this.#replies.set(row, reply);
    this.billed.set(question, (this.billed.get(question) ?? 0) + 1);
    this.usage.input += reply.usage.input_tokens;
    this.usage.cacheRead += reply.usage.cache_read_input_tokens;
    this.usage.cacheWrite += reply.usage.cache_creation_input_tokens;
    this.usage.output += reply.usage.output_tokens;
  }

  #looksForCache(): boolean {
    const { cacheHits = 1 } = this.#options;
    return Math.floor(++this.#worked * cacheHits) > Math.floor((this.#worked - 1) * cacheHits);
  }

  #create({ request, response, body }: Exchange<SentBody>): void {
    const { maxBytes = 256e6, maxRequests = 100_000, resetAfterCreate = 0 } = this.#options;
    this.#step("create");
    const { requests } = body as unknown as { requests: { custom_id: string; params: SentBody }[] };
    const ids = new Set(requests.map(({ custom_id }) => custom_id));
    const bytes = Number(request.headers["content-length"] ?? 0);
    if (bytes > maxBytes || requests.length > maxRequests) {
      fail(response, 413, "request_too_large");
      return;
    }
    if (ids.size < requests.length || [...ids].some((id) => !/^[\w-]{1,64}$/.test(id))) {
      fail(response, 400, "invalid_request_error");
      return;
    }
    const rows = requests.map(({ custom_id: id, params }) => {
      return { id, body: params, fate: this.#fateOf(params) };
    });
    const id = `msgbatch_${this.batches.length + 1}`;
    const times = { at: new Date().toISOString(), looks: 0, reads: 0 };
    const batch = { id, rows: this.#random.shuffle(rows), ended: false, canceled: false, ...times };
    this.batches.push(batch);
    this.#step("created");
    if (this.#random.random() < resetAfterCreate) response.destroy();
    else sendJson(response, 200, shown(batch, request));
  }

  #look(batch: ServedBatch, { request, response }: Exchange<SentBody>): void {
    this.#step("look");
    if (!batch.ended && ++batch.looks > (this.#options.looks ?? 1)) this.#end(batch);
    sendJson(response, 200, shown(batch, request));
  }

  #list({ request, response, url }: Exchange<SentBody>): void {
    this.#step("list");
    const newest = [...this.batches].reverse();
    const after = url.searchParams.get("after_id");
    const start = after ? newest.findIndex(({ id }) => id === after) + 1 : 0;
    const size = Math.min(Number(url.searchParams.get("limit") ?? 20), this.#options.page ?? 20);
    const data = newest.slice(start, start + size).map((batch) => shown(batch, request));
    const [first_id, last_id] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
    sendJson(response, 200, { data, has_more: start + size < newest.length, first_id, last_id });
  }

  #results(batch: ServedBatch, { response }: Exchange<SentBody>): void {
    this.#step("results");
    if (!batch.ended) {
      fail(response, 404, "not_found_error");
      return;
    }
    const cut = batch.reads++ === 0 && this.#random.random() < (this.#options.cutResults ?? 0);
    response.writeHead(200, { "content-type": "application/x-jsonl" });
    const rows = cut ? batch.rows.slice(0, Math.ceil(batch.rows.length / 2)) : batch.rows;
    for (const row of rows) {
      this.#step("result");
      const line = { custom_id: row.id, result: resultOf(row, this.#replies.get(row)) };
      response.write(`${JSON.stringify(line)}\n`);
    }
    if (cut) response.write('{"custom_id":', () => response.destroy());
    else response.end();
  }
}

/** What has not been worked on yet is not. */
function cancel(batch: ServedBatch, { request, response }: Exchange<SentBody>): void {
  if (!batch.ended) for (const row of batch.rows) row.fate = "canceled";
  Object.assign(batch, { canceled: true, ended: true });
  sendJson(response, 200, shown(batch, request));
}

function remove(batches: ServedBatch[], batch: ServedBatch, response: ServerResponse): void {
  if (!batch.ended) {
    fail(response, 400, "invalid_request_error");
    return;
  }
  batches.splice(batches.indexOf(batch), 1);
  sendJson(response, 200, { id: batch.id, type: "message_batch_deleted" });
}

function shown({ id, at, rows, ended, canceled }: ServedBatch, { headers }: IncomingMessage) {
  const count = (fate: Fate) => (ended ? rows.filter((row) => row.fate === fate).length : 0);
  return {
    id,
    type: "message_batch",
    processing_status: ended ? "ended" : "in_progress",
    request_counts: {
      processing: ended ? 0 : rows.length,
      succeeded: count("succeeded"),
      errored: count("errored") + count("invalid"),
      expired: count("expired"),
      canceled: count("canceled"),
    },
    created_at: at,
    expires_at: new Date(Date.parse(at) + 86_400_000).toISOString(),
    ended_at: ended ? new Date().toISOString() : null,
    archived_at: null,
    cancel_initiated_at: canceled ? new Date().toISOString() : null,
    results_url: ended ? `http://${headers.host}/v1/messages/batches/${id}/results` : null,
  };
}

function resultOf({ fate }: Row, message: object | undefined): object {
  if (fate === "succeeded") return { type: fate, message };
  if (fate === "canceled" || fate === "expired") return { type: fate };
  const type = fate === "invalid" ? "invalid_request_error" : "api_error";
  const error = { type: "error", request_id: null, error: { type, message: "as the test wished" } };
  return { type: "errored", error };
}

function fail(response: ServerResponse, status: number, type: string): void {
  sendJson(response, status, {
    type: "error",
    error: { type, message: "as the test wished" },
    request_id: "req_1",
  });
}
