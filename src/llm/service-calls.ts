/**
 * Calls to a service over the network, the same for every official SDK. Ours, not the SDK's: the retries (SDKs do
 * not retry a cut body or half a JSON document), the time limit (theirs covers the headers only; a body that stops
 * half way would hang for five minutes), turns, budget, and errors without a key.
 */
import { ModelCallError } from "../errors.js";
import type { Budget } from "./budget.js";
import { type Governor, governor, type Needs, type RateLimits } from "./governor.js";
import { type Prices, priceAt } from "./model-facts.js";
import { type Asked, classify, type Failure, modelCallError, type ServiceSdk } from "./service-failure.js";
import type { Usage } from "./text-model.js";
import { withRetries } from "./with-retries.js";

/** How a service is called; every back end over the network takes these. */
export interface ServiceOptions {
  /** Further attempts after a failure that passes with time. Default: 6, which rides out 20 s of overload. */
  maxRetries?: number | undefined;
  /** Time limit of one attempt, headers and body, in milliseconds. Default: 90,000. */
  timeoutMs?: number | undefined;
  /** Calls under way at most. They start at it where it is given, else at 8 and grow to 64 as the service bears it. */
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
  const { maxRetries: retries = 6 } = options;
  const turns = governorOf(options);
  return async (call) => {
    const { signal } = call;
    let answered = turns.answered;
    const judge = (error: unknown) => {
      const failure = failureOf(error, service);
      // While others are answered, a service at its limit is only busy.
      const free = failure.throttled === true && turns.answered > answered;
      answered = turns.answered;
      return { again: failure.scope === "retry", waitMs: failure.waitMs, free };
    };
    try {
      signal?.throwIfAborted();
      return await withRetries((again) => attempt(call, { service, options, turns, again }), {
        retries,
        judge,
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof ModelCallError ? error : modelCallError(failureOf(error, service), service);
    }
  };
}

function governorOf({ limits, concurrency }: ServiceOptions): Governor {
  return limits && "enter" in limits ? limits : governor({ ...limits, concurrency });
}

function failureOf(error: unknown, { sdk }: Service): Failure {
  if (!(error instanceof ModelCallError)) return classify(error, sdk);
  return { scope: error.scope, status: error.status, reason: error.message };
}

interface Attempt {
  service: Service;
  options: ServiceOptions;
  turns: Governor;
  again: boolean;
}

async function attempt<T>(call: ServiceCall<T>, { service, options, turns, again }: Attempt): Promise<T> {
  const { needs, mostInputTokens, signal } = call;
  const costOf = (usage: Usage) => ({
    tokens: usage.inputTokens + usage.outputTokens,
    dollars: service.prices && priceAt(service.prices, usage),
  });
  const most = costOf({
    inputTokens: mostInputTokens,
    outputTokens: needs.outputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: mostInputTokens,
  });
  const funds = await options.budget?.reserve(service.model, most, { signal });
  let cost: ReturnType<typeof costOf> = { tokens: 0, dollars: 0 };
  try {
    const turn = await turns.enter(needs, { signal, again });
    const answer = await timed(call, options.timeoutMs ?? 90_000).catch((error: unknown) => {
      const failure = failureOf(error, service);
      turn.failed(failure.throttled ? failure : undefined);
      if (failure.perhapsPaid) cost = most;
      throw error;
    });
    turn.answered(answer.usage, answer.limits);
    cost = costOf(answer.usage);
    return answer.value;
  } finally {
    funds?.settle(cost);
  }
}

async function timed<T>({ send, signal }: ServiceCall<T>, timeoutMs: number): Promise<Answer<T>> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await send(signal ? AbortSignal.any([signal, limit]) : limit);
  } catch (error) {
    throw limit.aborted ? limit.reason : error;
  }
}
