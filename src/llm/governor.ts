/**
 * Who may call a service, and when: what its rate limits allow, as many at a time as it bears, nobody while it
 * asks to wait; where it asks for a long wait, all are turned away. Requests and tokens come out of buckets that fill evenly; tokens are taken by estimate before a
 * call and put right from its usage. How many calls at a time is found as TCP finds its window (RFC 5681): twice as
 * many for every round of answers until the service first says that it is too much, then 0.7 times as many each time
 * it says so, and one more for every round in between.
 */
import { LongPauseError } from "./long-pause-error.js";
import type { Usage } from "./text-model.js";
import { TokenBucket } from "./token-bucket.js";
import { type Waiter, WaitingLine } from "./waiting-line.js";
import { longestAskedWaitMs } from "./with-retries.js";

/** Rate limits of a service for one model. Default: none, until the service states them beside its answers. */
export interface RateLimits {
  requestsPerMinute?: number | undefined;
  /** What is read from the prompt cache does not count, as Anthropic has it. */
  inputTokensPerMinute?: number | undefined;
  outputTokensPerMinute?: number | undefined;
}

export interface GovernorOptions extends RateLimits {
  /** Calls under way at most. They start at it where it is given, else at 16 and grow to 64 as the service bears it. */
  concurrency?: number | undefined;
}

/** Tokens that a call may come to. */
export interface Needs {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** May be shared by models that a service counts together. */
export interface Governor {
  /** Calls that may be under way now. */
  readonly window: number;
  /** Calls that came to an answer. */
  readonly answered: number;
  /**
   * Resolves when the call may begin, in the order of asking; those that come `again` go first.
   *
   * @throws The signal's reason, if it is aborted while waiting.
   * @throws {LongPauseError} While the service asks for a wait of more than two minutes.
   */
  enter(needs: Needs, options?: { signal?: AbortSignal | undefined; again?: boolean }): Promise<Turn>;
  /** The same for those who bring their own way of being told: without a promise, where many thousand wait. */
  join(waiter: Waiter<Needs, Turn>, options?: { again?: boolean }): void;
}

/** The right to one call. One of its functions is called when the call ends. */
export interface Turn {
  /** @param limits As the service states them; those that the user gave have precedence. */
  answered(usage: Usage, limits?: RateLimits): void;
  /** @param throttled Given where the service said that it is too much. */
  failed(throttled?: Throttled): void;
}

/** How a service said that it is too much. */
export interface Throttled {
  readonly status?: number | undefined;
  /** In words, without a key. */
  readonly reason?: string | undefined;
  /** How long all should wait, if it said. */
  readonly waitMs?: number | undefined;
}

const startingWindow = 16;
const usualCeiling = 64;
const cut = 0.7;
/** Of a rate that is known: clocks and networks are not so even that all of it could be used unrefused. */
const usedShare = 0.97;
/** After so long a call is tried, whatever was asked for: a service may be wrong, or well again sooner. */
const longestPauseMs = 600_000;
/** Node takes a timer beyond this for one of 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

/** @throws {RangeError} If a limit is not above 0, or `concurrency` not a whole number. */
export function governor(options: GovernorOptions = {}): Governor {
  const { concurrency, ...limits } = options;
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new RangeError(`Cannot allow ${concurrency} calls at a time: give a whole number of at least 1`);
  }
  for (const [name, rate] of Object.entries(limits)) {
    if (rate !== undefined && !(rate > 0)) {
      throw new RangeError(`Cannot keep to ${name} of ${rate}: give a number above 0`);
    }
  }
  return new AdaptiveGovernor(concurrency, limits);
}

class AdaptiveGovernor implements Governor {
  answered = 0;
  readonly #ceiling: number;
  readonly #rates: Rates;
  readonly #again = new WaitingLine<Needs, Turn>();
  readonly #others = new WaitingLine<Needs, Turn>();
  #underWay = 0;
  #window: number;
  /** Until the first cut. */
  #doubling = true;
  #lastCut = Number.NEGATIVE_INFINITY;
  #pausedUntil = 0;
  /** How the service asked for that pause. */
  #asked: Throttled = {};
  #timer: NodeJS.Timeout | undefined;

  constructor(concurrency: number | undefined, limits: RateLimits) {
    this.#ceiling = concurrency ?? usualCeiling;
    this.#window = concurrency ?? startingWindow;
    this.#rates = new Rates(limits);
  }

  get window(): number {
    return Math.floor(this.#window);
  }

  enter(
    needs: Needs,
    { signal, again }: { signal?: AbortSignal | undefined; again?: boolean } = {},
  ): Promise<Turn> {
    return new Promise((grant, refuse) => this.join({ wish: needs, signal, grant, refuse }, { again }));
  }

  join(waiter: Waiter<Needs, Turn>, { again = false }: { again?: boolean | undefined } = {}): void {
    if (waiter.signal?.aborted) {
      waiter.refuse(waiter.signal.reason);
      return;
    }
    (again ? this.#again : this.#others).join(waiter);
    this.#admit();
  }

  #admit(): void {
    clearTimeout(this.#timer);
    this.#turnAway();
    while (this.#underWay < this.window) {
      const line = this.#again.first ? this.#again : this.#others;
      const { first } = line;
      if (!first) return;
      const now = performance.now();
      const { wish } = first;
      const wait = Math.max(this.#pausedUntil - now, this.#rates.wait(wish, now));
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#admit(), Math.min(Math.ceil(wait), longestTimerMs));
        return;
      }
      line.leave();
      this.#rates.take({ requests: 1, ...wish });
      this.#underWay++;
      first.grant(this.#turn(wish, now));
    }
  }

  /** Refuses all who wait, while more is left of a pause than anybody is kept waiting for. */
  #turnAway(): void {
    const waitMs = this.#pausedUntil - performance.now();
    if (waitMs <= longestAskedWaitMs) return;
    const { status, reason = "the service asks for a long wait" } = this.#asked;
    for (const line of [this.#again, this.#others]) {
      for (let { first } = line; first; { first } = line) {
        line.leave();
        first.refuse(new LongPauseError(reason, { status, waitMs }));
      }
    }
  }

  #turn(needs: Needs, began: number): Turn {
    return {
      answered: (usage, limits) => {
        this.answered++;
        this.#window = Math.min(this.#ceiling, this.#window + (this.#doubling ? 1 : 1 / this.#window));
        if (limits) this.#rates.learn(limits);
        const fresh = usage.inputTokens - usage.cachedInputTokens;
        this.#end({
          inputTokens: needs.inputTokens - fresh,
          outputTokens: needs.outputTokens - usage.outputTokens,
        });
      },
      failed: (throttled) => {
        const now = performance.now();
        // Calls of one round that are refused together are one sign, not many.
        if (throttled && began >= this.#lastCut) {
          this.#window = Math.max(1, this.#window * cut);
          this.#doubling = false;
          this.#lastCut = now;
        }
        if (throttled) this.#pause(throttled, now);
        this.#end(needs);
      },
    };
  }

  #pause(asked: Throttled, now: number): void {
    const until = now + Math.min(asked.waitMs ?? 0, longestPauseMs);
    if (until <= this.#pausedUntil) return;
    this.#pausedUntil = until;
    this.#asked = asked;
  }

  #end(unused: Needs): void {
    this.#underWay--;
    this.#rates.take({ requests: 0, inputTokens: -unused.inputTokens, outputTokens: -unused.outputTokens });
    this.#admit();
  }
}

const limitOf = {
  requests: "requestsPerMinute",
  inputTokens: "inputTokensPerMinute",
  outputTokens: "outputTokensPerMinute",
} as const;
type Rate = keyof typeof limitOf;

/** The buckets of those limits that are known. */
class Rates {
  readonly #given: RateLimits;
  readonly #buckets = new Map<Rate, { perMinute: number; bucket: TokenBucket }>();

  constructor(given: RateLimits) {
    this.#given = given;
    this.#set(given);
  }

  learn(stated: RateLimits): void {
    this.#set({ ...stated, ...definedOf(this.#given) });
  }

  wait(needs: Needs, now: number): number {
    const amounts = { requests: 1, ...needs };
    let longest = 0;
    for (const [rate, { bucket }] of this.#buckets) {
      longest = Math.max(longest, bucket.wait(amounts[rate], now));
    }
    return longest;
  }

  /** Negative amounts are given back. */
  take(amounts: Readonly<Record<Rate, number>>): void {
    for (const [rate, { bucket }] of this.#buckets) bucket.take(amounts[rate]);
  }

  #set(limits: RateLimits): void {
    for (const [rate, name] of Object.entries(limitOf) as [Rate, (typeof limitOf)[Rate]][]) {
      const perMinute = limits[name];
      if (perMinute === undefined || this.#buckets.get(rate)?.perMinute === perMinute) continue;
      this.#buckets.set(rate, {
        perMinute,
        bucket: new TokenBucket(perMinute * usedShare, performance.now()),
      });
    }
  }
}

function definedOf(limits: RateLimits): RateLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, rate]) => rate !== undefined));
}
