/**
 * A Messages API on the loopback, for tests that drive the real SDK. Its model follows rules whose right
 * scores are known in advance: asked to explain, it names the most frequent marked token; asked to judge, it
 * looks for that token. Replies can be broken in every way that a service breaks them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readMarkup } from "../../src/examples/markup.js";
import { fromLine, type ReadExample, readExamples } from "../../src/llm/example-lines.js";

/** How one request is treated. Whatever is not listed here is answered well. */
export type Fault =
  | {
      kind: "status";
      status: number;
      type?: string;
      code?: string;
      message?: string;
      headers?: Record<string, string>;
    }
  | { kind: "body-cut" }
  | { kind: "half-json" }
  | { kind: "html" }
  | { kind: "refusal" }
  | { kind: "max-tokens" }
  | { kind: "garbage" }
  | { kind: "hang" }
  | { kind: "hang-in-body" }
  | { kind: "reset" };

type SentContent = string | readonly { type: string; text: string; cache_control?: { type: string } }[];

/** The parts of a request's body that this server and the tests look at. */
export interface SentBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly system?: string;
  readonly messages: readonly { role: string; content: SentContent }[];
  readonly temperature?: number;
  readonly thinking?: { type: string };
  readonly output_config?: { effort?: string };
}

export interface LoggedRequest {
  readonly headers: IncomingMessage["headers"];
  readonly body: SentBody;
}

export interface MessagesServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly LoggedRequest[];
  /** The largest number of requests that were under way at a time. */
  readonly peak: number;
  /** Treats the next requests so, one each. */
  fail(...faults: Fault[]): void;
  /** Treats every request so whose last message `when` accepts. */
  failWhen(when: (question: string) => boolean, fault: Fault): void;
  close(): Promise<void>;
}

export interface MessagesServerOptions {
  /** Answers the last message. Default: the rule-based model. */
  answer?: ((question: string) => string) | undefined;
  /** Time before an answer, in milliseconds. */
  delayMs?: number | undefined;
}

export async function messagesServer(options: MessagesServerOptions = {}): Promise<MessagesServer> {
  const requests: LoggedRequest[] = [];
  const queue: Fault[] = [];
  const standing: { when: (question: string) => boolean; fault: Fault }[] = [];
  const prefixes = new Set<string>();
  let underWay = 0;
  let peak = 0;
  const server = createServer(async (request, response) => {
    underWay++;
    peak = Math.max(peak, underWay);
    response.once("close", () => underWay--);
    const body = JSON.parse(await text(request)) as SentBody;
    requests.push({ headers: request.headers, body });
    if (options.delayMs) await new Promise((done) => setTimeout(done, options.delayMs));
    const question = plain(body.messages.at(-1)?.content ?? "");
    const fault = queue.shift() ?? standing.find(({ when }) => when(question))?.fault;
    const reject = refuses(body);
    if (reject) return void sendError(response, { kind: "status", status: 400, message: reject });
    if (fault) return void sendFault(response, body, fault);
    const answer = (options.answer ?? ruleAnswer)(question);
    send(response, 200, message(body, { text: answer, usage: usageOf(body, answer, prefixes) }));
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
    fail: (...faults) => queue.push(...faults),
    failWhen: (when, fault) => standing.push({ when, fault }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The model: names the most frequent marked token, and looks for a named token. */
export function ruleAnswer(question: string): string {
  const parts = readExamples(question);
  if (!parts) return "I do not understand.";
  if (parts.task === "explain") return `[EXPLANATION]: The token "${mostMarked(parts.examples)}".`;
  const explanation = fromLine(/^Explanation: (.*)$/m.exec(question)?.[1] ?? "");
  const token = /The token "(.*)"\.$/su.exec(explanation)?.[1];
  if (token === undefined) return `[${parts.examples.map(() => 0).join(", ")}]`;
  const holds = ({ text }: ReadExample) =>
    parts.task === "fuzzing" ? marksOnly(text, token) : text.includes(token);
  return `[${parts.examples.map((example) => Number(holds(example))).join(", ")}]`;
}

function mostMarked(examples: readonly ReadExample[]): string {
  const counts = new Map<string, number>();
  for (const example of examples) {
    const { text, spans } = readMarkup(example.text);
    for (const { start, end } of spans) {
      const token = text.slice(start, end);
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

function marksOnly(marked: string, token: string): boolean {
  const { text, spans } = readMarkup(marked);
  return spans.every(({ start, end }) => text.slice(start, end) === token);
}

/** What models of today refuse. */
function refuses(body: SentBody): string | undefined {
  const modern = /-5/.test(body.model) && !/4-5/.test(body.model);
  if (modern && body.temperature !== undefined) return "temperature: not supported by this model";
  if (body.messages.at(-1)?.role !== "user") return "messages: the last message must be the user's";
  if (/sonnet-5/.test(body.model) && body.thinking?.type === "disabled")
    return "thinking: cannot be disabled";
  if (/opus-5/.test(body.model) && body.thinking !== undefined) return "thinking: cannot be set";
  return undefined;
}

function usageOf(body: SentBody, answer: string, prefixes: Set<string>) {
  const marked = body.messages.findIndex(
    ({ content }) => Array.isArray(content) && content.some((block) => block.cache_control),
  );
  const prefix =
    marked < 0 ? "" : JSON.stringify([body.model, body.system, body.messages.slice(0, marked + 1)]);
  const all = Math.ceil(JSON.stringify(body).length / 4);
  const cached = Math.ceil(prefix.length / 4);
  const hit = prefixes.has(prefix);
  if (prefix) prefixes.add(prefix);
  return {
    input_tokens: all - cached,
    output_tokens: Math.ceil(answer.length / 4),
    cache_read_input_tokens: hit ? cached : 0,
    cache_creation_input_tokens: hit ? 0 : cached,
  };
}

function message(
  body: SentBody,
  { text, stop = "end_turn", usage }: { text: string; stop?: string; usage: object },
) {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: body.model,
    content: text === "" ? [] : [{ type: "text", text }],
    stop_reason: stop,
    stop_sequence: null,
    stop_details: stop === "refusal" ? { type: "refusal", category: "bio", explanation: null } : null,
    usage,
  };
}

function sendFault(response: ServerResponse, body: SentBody, fault: Fault): void {
  const usage = {
    input_tokens: 10,
    output_tokens: 5,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  };
  const whole = JSON.stringify(message(body, { text: "[1, 0, 1, 0, 1]", usage }));
  switch (fault.kind) {
    case "status":
      sendError(response, fault);
      return;
    case "body-cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
      response.write(whole.slice(0, whole.length / 2), () => response.destroy());
      return;
    case "half-json":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(whole.slice(0, whole.length / 2));
      return;
    case "html":
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html><body>Sign in to the proxy</body></html>");
      return;
    case "refusal":
      send(response, 200, message(body, { text: "", stop: "refusal", usage }));
      return;
    case "max-tokens":
      send(response, 200, message(body, { text: "[1, 0", stop: "max_tokens", usage }));
      return;
    case "garbage":
      send(response, 200, message(body, { text: "Sure! I think the answer is maybe.", usage }));
      return;
    case "hang":
      return;
    case "hang-in-body":
      response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
      response.write(whole.slice(0, whole.length / 2));
      return;
    case "reset":
      response.destroy();
      return;
  }
}

function sendError(response: ServerResponse, fault: Extract<Fault, { kind: "status" }>): void {
  const details = fault.code ? { details: { error_code: fault.code } } : {};
  const error = {
    type: fault.type ?? "api_error",
    message: fault.message ?? "as the test wished",
    ...details,
  };
  send(response, fault.status, { type: "error", error, request_id: "req_1" }, fault.headers);
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function plain(content: SentContent): string {
  return typeof content === "string" ? content : content.map((block) => block.text).join("");
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
