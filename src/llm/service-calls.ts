/**
 * Calls to a service over the network, the same for every official SDK. Ours, not the SDK's: the retries (SDKs do
 * not retry a cut body or half a JSON document), the time limit (theirs covers the headers only; a body that stops
 * half way would hang for five minutes), turns, budget, and errors without a key.
 */
import { setMaxListeners } from "node:events";
import { ModelCallError } from "../errors.js";
import type { Budget, Cost, Funds } from "./budget.js";
import { type Governor, governor, type Needs, type RateLimits, type Turn } from "./governor.js";
import { LongPauseError } from "./long-pause-error.js";
import { type Prices, priceAt } from "./model-facts.js";
import {
  type Asked,
  classify,
  type Failure,
  modelCallError,
  redact,
  type ServiceSdk,
} from "./service-failure.js";
import type { Usage } from "./text-model.js";
import type { Waiter } from "./waiting-line.js";
import { withRetries } from "./with-retries.js";

/** How a service is called; every back end over the network takes these. */
export interface ServiceOptions {
  /** Further attempts after a failure that passes with time. Default: 6, which rides out 20 s of overload. */
  maxRetries?: number | undefined;
  /** Time limit of one attempt, headers and body, in milliseconds. Default: 90,000. */
  timeoutMs?: number | undefined;
  /** Calls under way at most. They start at it where it is given, else at 16 and grow to 64 as the service bears it. */
  concurrency?: number | undefined;
  /** The service's rate limits, or a governor that several models share. Default: as the service states them. */
  limits?: RateLimits | Governor | undefined;
  /** Stops the run before it is passed. May be shared by several models. */
  budget?: Budget | undefined;
}

export interface Service extends Asked {
  readonly sdk: ServiceSdk;
  /** `undefined` where they are not known. */
  readonly prices: Prices | undefined;
}

/** One thing to be asked. */
export interface ServiceCall<T> {
  /** About what it comes to. */
  readonly needs: Needs;
  /** Input tokens that it cannot exceed. Output cannot exceed `needs`. */
  readonly mostInputTokens: number;
  readonly signal: AbortSignal | undefined;
  /** @throws {NotAnAnswerError} If what came is not what it should be. */
  send(signal: AbortSignal): Promise<Answer<T>>;
}

export interface Answer<T> {
  readonly value: T;
  readonly usage: Usage;
  readonly limits?: RateLimits;
}

/**
 * Makes calls to a service.
 *
 * @returns A function that gives the value of one call, after as many attempts as it takes. It throws the caller's
 *   signal's reason, or a `ModelCallError`.
 */
export function serviceCalls(
  service: Service,
  options: ServiceOptions,
): <T>(call: ServiceCall<T>) => Promise<T> {
  const turns = governorOf(options);
  const calls = { service, options, turns };
  return (call) =>
    new Promise((resolve, reject) => turns.join(new WaitingCall(call, { calls, resolve, reject })));
}

/** A call in line. Many thousand may wait: nothing else is made for one of them before its first turn. */
class WaitingCall<T> implements Waiter<Needs, Turn> {
  readonly #call: ServiceCall<T>;
  readonly #calls: Calls;
  readonly #resolve: (value: T | Promise<T>) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(call: ServiceCall<T>, { calls, resolve, reject }: Told<T>) {
    [this.#call, this.#calls, this.#resolve, this.#reject] = [call, calls, resolve, reject];
  }

  get wish(): Needs {
    return this.#call.needs;
  }

  get signal(): AbortSignal | undefined {
    return this.#call.signal;
  }

  grant(turn: Turn): void {
    this.#resolve(answerTo(this.#call, turn, this.#calls));
  }

  refuse(reason: unknown): void {
    const { service } = this.#calls;
    const isPause = reason instanceof LongPauseError;
    this.#reject(isPause ? modelCallError(failureOf(reason, service), service) : reason);
  }
}

interface Told<T> {
  readonly calls: Calls;
  resolve(value: T | Promise<T>): void;
  reject(reason: unknown): void;
}

function governorOf({ limits, concurrency }: ServiceOptions): Governor {
  return limits && "enter" in limits ? limits : governor({ ...limits, concurrency });
}

function failureOf(error: unknown, { sdk }: Service): Failure {
  if (error instanceof LongPauseError) {
    return { scope: "retry", status: error.status, waitMs: error.waitMs, reason: error.message };
  }
  if (!(error instanceof ModelCallError)) return classify(error, sdk);
  return { scope: error.scope, status: error.status, reason: error.message };
}

interface Calls {
  service: Service;
  options: ServiceOptions;
  turns: Governor;
}

async function answerTo<T>(call: ServiceCall<T>, first: Turn, calls: Calls): Promise<T> {
  const { service, options, turns } = calls;
  const { signal, needs } = call;
  let turn: Turn | undefined = first;
  let answered = turns.answered;
  const attempt = async () => {
    const mine = turn ?? (await turns.enter(needs, { signal, again: true }));
    turn = undefined;
    return await attemptOf(call, mine, calls);
  };
  const judge = (error: unknown) => {
    const failure = failureOf(error, service);
    // While others are answered, a service at its limit is only busy.
    const free = failure.throttled === true && turns.answered > answered;
    answered = turns.answered;
    return { again: failure.scope === "retry", waitMs: failure.waitMs, free };
  };
  try {
    return await withRetries(attempt, { retries: options.maxRetries ?? 6, judge, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ModelCallError ? error : modelCallError(failureOf(error, service), service);
  }
}

async function attemptOf<T>(call: ServiceCall<T>, turn: Turn, { service, options }: Calls): Promise<T> {
  const { funds, most } = await reserve(call, { service, options }).catch((error: unknown) => {
    turn.failed();
    throw error;
  });
  try {
    const { value, usage, limits } = await timed(call, options.timeoutMs ?? 90_000);
    turn.answered(usage, limits);
    funds?.settle(costOf(usage, service));
    return value;
  } catch (error) {
    const failure = failureOf(error, service);
    // Others who share the governor may hear of it, whose errors know nothing of this key.
    const throttled = failure.throttled && { ...failure, reason: redact(failure.reason, service.key) };
    turn.failed(throttled || undefined);
    funds?.settle(failure.perhapsPaid ? most : nothing);
    throw error;
  }
}

const nothing: Cost = { tokens: 0, dollars: 0 };

/** Sets aside the worst case: all input written to the cache, the longest reply. */
async function reserve<T>(
  call: ServiceCall<T>,
  { service, options: { budget } }: Pick<Calls, "service" | "options">,
): Promise<{ funds: Funds | undefined; most: Cost }> {
  if (!budget) return { funds: undefined, most: nothing };
  const { needs, mostInputTokens: inputTokens, signal } = call;
  const { outputTokens } = needs;
  const usage = { inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: inputTokens };
  const most = costOf(usage, service);
  return { funds: await budget.reserve(service.model, most, { signal }), most };
}

function costOf(usage: Usage, { prices }: Service): Cost {
  return { tokens: usage.inputTokens + usage.outputTokens, dollars: prices && priceAt(prices, usage) };
}

/**
 * Sends within a time limit. Not by `AbortSignal.timeout`, which would keep every call and its answer in memory until
 * the limit is over.
 */
async function timed<T>(call: ServiceCall<T>, timeoutMs: number): Promise<Answer<T>> {
  const { signal } = call;
  const limit = new AbortController();
  const late = new DOMException("The service took too long", "TimeoutError");
  const timer = setTimeout(() => limit.abort(late), timeoutMs);
  const giveUp = () => limit.abort(signal?.reason);
  // As many calls as are under way listen to the signal of one run.
  if (signal) setMaxListeners(0, signal);
  signal?.addEventListener("abort", giveUp);
  try {
    return await call.send(limit.signal);
  } catch (error) {
    throw limit.signal.reason === late ? late : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}
