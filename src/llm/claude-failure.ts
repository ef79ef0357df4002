/**
 * What a failed call to Claude means, in one place. The SDK throws typed errors for answers of the service
 * only; a body cut in the middle arrives as `TypeError: terminated`, half a JSON document as `SyntaxError`, a
 * proxy's HTML page as a success. All of those were seen with version 1.11, and all of them pass with time.
 */
import Anthropic from "@anthropic-ai/sdk";
import { ModelCallError } from "../errors.js";

export interface Failure {
  /** Try the same call again, stop the whole run, or give up this call only. */
  readonly scope: ModelCallError["scope"];
  readonly status: number | undefined;
  /** What happened, without a full stop; holds no key and no header. */
  readonly reason: string;
  /** How long the service asked us to wait. */
  readonly waitMs?: number | undefined;
}

/** The reply was no message, e.g. a proxy's HTML page with status 200. */
export class NotAMessageError extends Error {
  override readonly name = "NotAMessageError";
}

/** Says what a failed call means. */
export function classify(error: unknown): Failure {
  if (error instanceof ModelCallError) {
    return { scope: error.scope, status: error.status, reason: error.message };
  }
  if (error instanceof Anthropic.APIConnectionTimeoutError || isTimeout(error)) {
    return { scope: "retry", status: undefined, reason: "the service did not answer in time" };
  }
  if (error instanceof Anthropic.APIConnectionError) {
    return { scope: "retry", status: undefined, reason: `the connection failed (${rootMessage(error)})` };
  }
  if (error instanceof Anthropic.APIError) return classifyStatus(error);
  if (error instanceof SyntaxError) {
    return { scope: "retry", status: undefined, reason: "the answer was not complete JSON" };
  }
  if (error instanceof NotAMessageError) {
    return { scope: "retry", status: undefined, reason: error.message };
  }
  if (error instanceof TypeError) {
    return { scope: "retry", status: undefined, reason: `the answer was cut off (${rootMessage(error)})` };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { scope: "call", status: undefined, reason };
}

function classifyStatus(error: InstanceType<typeof Anthropic.APIError>): Failure {
  const status = error.status as number | undefined;
  const said = error.apiMessage ?? error.type ?? "no reason given";
  const reason = status === undefined ? `the service said: ${said}` : `status ${status}: ${said}`;
  const waitMs = askedWait(error.headers);
  if (outOfMoney(error)) return { scope: "stop", status, reason };
  if (status === undefined || status === 408 || status === 409 || status === 429 || status >= 500) {
    return { scope: "retry", status, reason, waitMs };
  }
  // A request that is too large concerns one latent; any other refused request would be refused again.
  if (status === 413 || /too long|too large/i.test(said)) return { scope: "call", status, reason };
  return { scope: "stop", status, reason };
}

function outOfMoney(error: InstanceType<typeof Anthropic.APIError>): boolean {
  return /spend_limit_reached|billing|credit/i.test(`${error.errorCode ?? ""} ${error.type ?? ""}`);
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

function rootMessage(error: Error): string {
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  return root.message || root.name;
}

/** The error that leaves this folder: its message and its `cause` hold neither the key nor a header. */
export function modelCallError(failure: Failure, model: string, key: string): ModelCallError {
  const reason = redact(failure.reason, key);
  const advice = failure.scope === "retry" ? "; try again later, what was answered is kept" : "";
  const message = `Cannot get an answer from "${model}": ${reason}${stopAdvice(failure)}${advice}`;
  return new ModelCallError(message, failure.scope, failure.status, { cause: new Error(reason) });
}

function stopAdvice({ scope, status, reason }: Failure): string {
  // Of all failures with these two, only a lack of money stops a run.
  const money = status === 402 || status === 429 || /spend|billing|credit/i.test(reason);
  if (scope !== "stop") return "";
  if (status === 401 || status === 403)
    return "; check ANTHROPIC_API_KEY, or use pattern(), which needs no key";
  if (status === 404) return "; check the model's name";
  if (money) {
    return "; raise the limit in the console and run again, what was answered is kept";
  }
  return "; every further call would fail alike";
}

function redact(text: string, key: string): string {
  const hidden = key.length > 0 ? text.replaceAll(key, "[key]") : text;
  return hidden.replace(/\bsk-[\w-]{8,}/g, "[key]");
}
