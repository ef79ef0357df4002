/** A fake service on the loopback, for tests that drive a real SDK: what all of them have in common. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Fault, sendFault, sendJson } from "./faults.js";
import { type RateLimiter, rateLimiter, type ServerLimits, type Taken } from "./rate-limiter.js";

export interface LoggedRequest<Body = unknown> {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Body;
  /** Status of the answer, once it was sent. */
  status?: number;
}

export interface LoopbackServer<Body = unknown> extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly LoggedRequest<Body>[];
  /** The largest number of requests that were under way at a time. */
  readonly peak: number;
  /** Treats the next requests so, one each. Only requests for an answer of the model are spoilt. */
  fail(...faults: Fault[]): void;
  /** Treats every request so whose question `when` accepts. */
  failWhen(when: (question: string) => boolean, fault: Fault): void;
  close(): Promise<void>;
}

export interface LoopbackOptions {
  /** Time before an answer, in milliseconds. */
  delayMs?: number | undefined;
  limits?: ServerLimits | undefined;
  /** Whether answers state the limits in their headers. Default: true. */
  statesLimits?: boolean | undefined;
  /** Whether requests are kept for the test to look at. Default: true; a bench does without. */
  log?: boolean | undefined;
}

/** One request with its way out. */
export interface Exchange<Body = unknown> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Body;
}

/** A request for an answer of the model. */
export interface Prepared {
  readonly question: string;
  /** Of the limits, as far as it is known before there is an answer. */
  readonly taken: Taken;
  /** Why the request is refused, if it is. */
  readonly refused?: string | undefined;
  /** The good answer, or the one that `fault` asks for, as a body and, where a stream was asked for, as events. */
  answer(fault: Fault | undefined): Answer;
}

export interface Answer {
  readonly body: object;
  readonly events: readonly string[] | undefined;
  /** What the limit of output tokens is charged with beside what was taken before, as tokens count when they are made. */
  readonly outputTokens?: number;
}

/** What makes one service different from another. */
export interface Dialect<Body> {
  /** `undefined` if the request is not for an answer of the model. */
  prepare(exchange: Exchange<Body>): Prepared | undefined;
  /** Answers any other request; gives false where there is no such thing. */
  other(exchange: Exchange<Body>): boolean | Promise<boolean>;
  errorBody(error: { type: string; message: string; code: string | undefined }): object;
  /** Headers that state the limits. */
  limitHeaders(limits: ServerLimits): Record<string, string>;
}

export async function loopback<Body>(
  dialect: Dialect<Body>,
  options: LoopbackOptions,
): Promise<LoopbackServer<Body>> {
  const requests: LoggedRequest<Body>[] = [];
  const faults = faultLine();
  const limiter = rateLimiter(options.limits ?? {});
  let underWay = 0;
  let peak = 0;
  const server = createServer(async (request, response) => {
    peak = Math.max(peak, ++underWay);
    response.once("close", () => underWay--);
    const body = JSON.parse((await text(request)) || "null") as Body;
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (options.log !== false) requests.push(logged({ request, response, url, body }));
    const exchange = { request, response, url, body };
    if (options.delayMs) await new Promise((done) => setTimeout(done, options.delayMs));
    const prepared = dialect.prepare(exchange);
    if (prepared)
      return answer(prepared, exchange, { dialect, options, limiter, fault: faults.next(prepared) });
    if (!(await dialect.other(exchange)))
      sendJson(response, 404, errorOf(dialect, "not_found_error", url.pathname));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get peak() {
      return peak;
    },
    fail: faults.add,
    failWhen: faults.addStanding,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A request for the log, which learns its answer's status when that is sent. */
function logged<Body>({ request, response, url, body }: Exchange<Body>): LoggedRequest<Body> {
  const entry: LoggedRequest<Body> = { path: url.pathname, headers: request.headers, body };
  response.once("finish", () => Object.assign(entry, { status: response.statusCode }));
  return entry;
}

interface Treatment<Body> {
  dialect: Dialect<Body>;
  options: LoopbackOptions;
  limiter: RateLimiter;
  fault: Fault | undefined;
}

function answer<Body>(
  prepared: Prepared,
  { request, response }: Exchange<Body>,
  { dialect, options, limiter, fault }: Treatment<Body>,
): void {
  if (prepared.refused) {
    sendJson(response, 400, errorOf(dialect, "invalid_request_error", prepared.refused));
    return;
  }
  const stated = options.limits && options.statesLimits !== false ? dialect.limitHeaders(options.limits) : {};
  const wait = fault ? 0 : limiter.admit(prepared.taken);
  if (wait > 0) {
    const headers = { ...stated, "retry-after-ms": String(Math.ceil(wait)) };
    sendJson(response, 429, errorOf(dialect, "rate_limit_error", "too many requests"), headers);
    return;
  }
  const { body, events, outputTokens = 0 } = prepared.answer(fault);
  limiter.charge(outputTokens);
  if (fault) sendFault(fault, { request, response, body, events, errorBody: dialect.errorBody });
  else if (!events) sendJson(response, 200, body, stated);
  else response.writeHead(200, { "content-type": "text/event-stream", ...stated }).end(events.join(""));
}

function errorOf<Body>(dialect: Dialect<Body>, type: string, message: string): object {
  return dialect.errorBody({ type, message, code: undefined });
}

function faultLine() {
  const queue: Fault[] = [];
  const standing: { when: (question: string) => boolean; fault: Fault }[] = [];
  return {
    add: (...faults: Fault[]) => void queue.push(...faults),
    addStanding: (when: (question: string) => boolean, fault: Fault) => void standing.push({ when, fault }),
    next: ({ question }: Prepared) => queue.shift() ?? standing.find(({ when }) => when(question))?.fault,
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
