/**
 * What a failed call to a service means, in one place for the official SDKs, which are made by one generator.
 * They throw typed errors for answers of the service only; a body cut in the middle arrives as `TypeError:
 * terminated`, half a JSON document as `SyntaxError`, a proxy's HTML page as a success. All of those were seen
 * with `@anthropic-ai/sdk` 1.11 and `openai` 6.49, and all of them pass with time.
 */
import { ModelCallError } from "../errors.js";
import { longestAskedWaitMs } from "./with-retries.js";

export interface Failure {
  /** Try the same call again, stop the whole run, or give up this call only. */
  readonly scope: ModelCallError["scope"];
  readonly status: number | undefined;
  /** What happened, without a full stop; holds no header. */
  readonly reason: string;
  /** How long the service asked us to wait. */
  readonly waitMs?: number | undefined;
  /** The service is at a limit, ours or its own: calls should come more slowly. */
  readonly throttled?: boolean;
  /** The service may have answered, and billed, what did not arrive. */
  readonly perhapsPaid?: boolean;
}

/** What an SDK throws, in the parts that its errors have in common. */
export interface ServiceSdk {
  readonly APIConnectionTimeoutError: ErrorClass;
  readonly APIConnectionError: ErrorClass;
  readonly APIError: ErrorClass;
}
type ErrorClass = abstract new (...args: never[]) => Error;

interface ApiError extends Error {
  readonly status: number | undefined;
  readonly headers: Headers | undefined;
  /** The body, or its member `error`. */
  readonly error: unknown;
}

/** The service's answer was not what it should be, e.g. a proxy's HTML page with status 200. */
export class NotAnAnswerError extends Error {
  override readonly name = "NotAnAnswerError";
}

/** Says what a failed call means. */
export function classify(error: unknown, sdk: ServiceSdk): Failure {
  const passing = (reason: string, perhapsPaid = true): Failure => ({
    scope: "retry",
    status: undefined,
    reason,
    perhapsPaid,
  });
  if (error instanceof sdk.APIConnectionTimeoutError || isTimeout(error)) {
    return passing("the service did not answer in time");
  }
  if (error instanceof sdk.APIConnectionError) {
    const root = rootOf(error);
    return passing(`the connection failed (${root.message || root.name})`, !neverConnected(root));
  }
  if (error instanceof sdk.APIError) return classifyStatus(error as ApiError);
  if (error instanceof SyntaxError) return passing("the answer was not complete JSON");
  if (error instanceof NotAnAnswerError) return passing(error.message);
  if (error instanceof TypeError) return passing(`the answer was cut off (${rootOf(error).message})`);
  const reason = error instanceof Error ? error.message : String(error);
  return { scope: "call", status: undefined, reason, perhapsPaid: true };
}

function classifyStatus(error: ApiError): Failure {
  const { status } = error;
  const { message, words } = saidBy(error.error);
  const said = message ?? brief(error.message);
  const reason = status === undefined ? `the service said: ${said}` : `status ${status}: ${said}`;
  const waitMs = askedWait(error.headers);
  if (/spend_limit_reached|billing|credit|insufficient_quota/i.test(words))
    return { scope: "stop", status, reason };
  if (status === undefined || status === 408 || status === 409 || status === 429 || status >= 500) {
    const throttled = status === 429 || status === 529;
    const perhapsPaid = status === undefined;
    return { scope: "retry", status, reason: withLongWait(reason, waitMs), waitMs, throttled, perhapsPaid };
  }
  // A request that is too large concerns one latent; any other refused request would be refused again.
  if (status === 413 || /too long|too large|context length|context size/i.test(said)) {
    return { scope: "call", status, reason };
  }
  return { scope: "stop", status, reason };
}

/** The message of an error's body, and the words that name its kind. */
function saidBy(body: unknown): { message: string | undefined; words: string } {
  const fields = (value: unknown) =>
    (typeof value === "object" && value ? value : {}) as Record<string, unknown>;
  const inner = fields(fields(body).error ?? body);
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const type = text(inner.type);
  const words = [type, text(inner.code), text(fields(inner.details).error_code)].join(" ");
  return { message: text(inner.message) ?? type, words };
}

/** The start of a text that may be a whole page. */
function brief(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}

/** A wait that no call is kept for is the user's. */
function withLongWait(reason: string, waitMs = 0): string {
  if (waitMs <= longestAskedWaitMs) return reason;
  return `${reason}, and it asks to wait ${Math.ceil(waitMs / 60_000).toLocaleString("en-US")} min`;
}

function askedWait(headers: Headers | undefined): number | undefined {
  const ms = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const after = headers?.get("retry-after");
  if (!after) return undefined;
  const seconds = Number(after);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function isTimeout(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) if (e.name === "TimeoutError") return true;
  return false;
}

function neverConnected(root: Error): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/.test((root as NodeJS.ErrnoException).code ?? "");
}

function rootOf(error: Error): Error {
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  return root;
}

/** Who was asked, and what to advise. */
export interface Asked {
  readonly model: string;
  readonly key: string;
  /** What to do about a key that is refused. */
  readonly keyAdvice: string;
}

/** The error that leaves this folder: its message and its `cause` hold neither the key nor a header. */
export function modelCallError(failure: Failure, { model, key, keyAdvice }: Asked): ModelCallError {
  const reason = redact(failure.reason, key);
  const message = `Cannot get an answer from "${model}": ${reason}${advice(failure, keyAdvice)}`;
  return new ModelCallError(message, failure.scope, failure.status, { cause: new Error(reason) });
}

function advice({ scope, status, reason }: Failure, keyAdvice: string): string {
  if (scope === "retry") return "; try again later, what was answered is kept";
  if (scope === "call") return "";
  if (status === 401 || status === 403) return `; ${keyAdvice}`;
  if (status === 404) return "; check the model's name";
  // Of all failures with these two, only a lack of money stops a run.
  if (status === 402 || status === 429 || /spend|billing|credit/i.test(reason)) {
    return "; raise the limit in the console and run again, what was answered is kept";
  }
  return "; every further call would fail alike";
}

/** The text without the key, and without what looks like a key or a password. */
export function redact(text: string, key: string): string {
  const hidden = key.length > 0 ? text.replaceAll(key, "[key]") : text;
  return hidden.replace(/\bsk-[\w-]{8,}/g, "[key]").replace(/:\/\/\S*@/g, "://");
}
