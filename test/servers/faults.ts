/**
 * Every way in which a service was seen to break a reply, for any JSON dialect over HTTP. One engine for all fake
 * servers, so that every back end is tested against the same faults.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

/** How one request is treated. Whatever is not listed here is answered well. */
export type Fault =
  | StatusFault
  /** The connection is lost before any answer. */
  | { kind: "reset" }
  /** No answer ever comes. */
  | { kind: "hang" }
  /** Headers come, and nothing after them. */
  | { kind: "hang-after-headers" }
  /** Headers and half of the body come, and nothing after them. */
  | { kind: "hang-in-body" }
  /** The connection is lost in the middle of the body. */
  | { kind: "body-cut" }
  /** The body ends well, and is half a document. */
  | { kind: "half-json" }
  /** A proxy's page, with status 200. */
  | { kind: "html" }
  /** The error's message holds the key that was sent. */
  | { kind: "echo-key" }
  /** A stream of events ends with an error, or is cut. Where no stream was asked for, the same as `body-cut`. */
  | { kind: "stream-error" }
  | { kind: "stream-cut" }
  /** Good answers of the service that are no answers of the model. */
  | { kind: "refusal" }
  | { kind: "max-tokens" }
  /** The whole answer of a chat, with another reason for its end. */
  | { kind: "finish"; reason: string | null }
  | { kind: "garbage" };

export interface StatusFault {
  kind: "status";
  status: number;
  type?: string;
  code?: string;
  message?: string;
  headers?: Record<string, string>;
}

/** Faults that pass with time: a back end gets an answer if it tries again. */
export const passingFaults: Readonly<Record<string, () => Fault[]>> = {
  "429 without a header": () => [{ kind: "status", status: 429, type: "rate_limit_error" }],
  "429 with retry-after in seconds": () => [status(429, { "retry-after": "0.05" })],
  "429 with retry-after-ms": () => [status(429, { "retry-after-ms": "30" })],
  "429 with retry-after as a date": () => [status(429, { "retry-after": new Date().toUTCString() })],
  "429, as calls grow too fast": () => [
    { ...status(429, { "retry-after-ms": "5" }), code: "ramp_limit_exceeded" },
  ],
  "529, twice": () => [status(529, { "retry-after-ms": "5" }), status(529, { "retry-after-ms": "5" })],
  "500": () => [status(500, { "retry-after-ms": "5" })],
  "a reset connection": () => [{ kind: "reset" }],
  "no answer": () => [{ kind: "hang" }],
  "headers, then silence": () => [{ kind: "hang-after-headers" }],
  "half a body, then silence": () => [{ kind: "hang-in-body" }],
  "a body that is cut off": () => [{ kind: "body-cut" }],
  "half a JSON document": () => [{ kind: "half-json" }],
  "a proxy's page with status 200": () => [{ kind: "html" }],
};

function status(code: number, headers: Record<string, string>): StatusFault {
  return { kind: "status", status: code, headers };
}

/** What a server would have sent, and how it words an error. */
export interface Spoilt {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The whole good answer. */
  readonly body: object;
  /** Its events, where a stream was asked for. */
  readonly events: readonly string[] | undefined;
  errorBody(error: { type: string; message: string; code: string | undefined }): object;
}

/** Sends what is left of a good answer. */
export function sendFault(fault: Fault, spoilt: Spoilt): void {
  if (fault.kind === "hang") return;
  const { response } = spoilt;
  const whole = Buffer.from(JSON.stringify(spoilt.body));
  const half = whole.subarray(0, whole.length >> 1);
  const json = { "content-type": "application/json" };
  const exact = { ...json, "content-length": whole.length };
  switch (fault.kind) {
    case "status":
      sendError(fault, spoilt);
      break;
    case "echo-key":
      sendError({ kind: "status", status: 401, message: `invalid key ${sentKey(spoilt)}` }, spoilt);
      break;
    case "reset":
      response.destroy();
      break;
    case "hang-after-headers":
      response.writeHead(200, exact).flushHeaders();
      break;
    case "hang-in-body":
      response.writeHead(200, exact).write(half);
      break;
    case "half-json":
      response.writeHead(200, json).end(half);
      break;
    case "html":
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in to the proxy</html>");
      break;
    case "body-cut":
    case "stream-error":
    case "stream-cut":
      if (fault.kind !== "body-cut" && spoilt.events) spoilStream(fault.kind, spoilt.events, spoilt);
      else response.writeHead(200, exact).write(half, () => response.destroy());
      break;
    default: // An answer of its own, which the server has put into the body.
      sendJson(response, 200, spoilt.body);
  }
}

function spoilStream(kind: "stream-error" | "stream-cut", events: readonly string[], spoilt: Spoilt): void {
  const { response, errorBody } = spoilt;
  response.writeHead(200, { "content-type": "text/event-stream" });
  const some = events.slice(0, 3).join("");
  if (kind === "stream-cut") {
    response.write(some, () => response.destroy());
    return;
  }
  const error = errorBody({ type: "overloaded_error", message: "Overloaded", code: undefined });
  response.end(`${some}event: error\ndata: ${JSON.stringify(error)}\n\n`);
}

function sendError(fault: StatusFault, { response, errorBody }: Spoilt): void {
  const { type = "api_error", message = "as the test wished", code } = fault;
  sendJson(response, fault.status, errorBody({ type, message, code }), fault.headers);
}

function sentKey({ request }: Spoilt): string {
  return String(request.headers.authorization ?? "").replace(/^Bearer /, "");
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
