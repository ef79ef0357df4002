/** Whoever waits: what they ask for, and how they are told. */
export interface Waiter<Wish, Grant> {
  readonly wish: Wish;
  /** Whoever aborts it steps out of the line. */
  readonly signal: AbortSignal | undefined;
  grant(grant: Grant): void;
  refuse(reason: unknown): void;
}

/** Places up to here are let go of in one step, so that leaving the front of a long line stays cheap. */
const compactFrom = 1024;

/**
 * A line of callers, first come first served, out of which anyone may step by signal. Made for 100,000 of them: a place
 * is the waiter and nothing else, and a signal is listened to once, however many wait on it.
 */
export class WaitingLine<Wish, Grant> {
  #places: Waiter<Wish, Grant>[] = [];
  #head = 0;
  /** Those who wait on a signal; whoever is not among them any more has left. */
  readonly #bySignal = new Map<AbortSignal, { waiters: Set<Waiter<Wish, Grant>>; stop: () => void }>();

  /** Places at the end; the waiter is refused with the signal's reason, once that is aborted. */
  join(waiter: Waiter<Wish, Grant>): void {
    this.#places.push(waiter);
    if (waiter.signal) this.#listen(waiter, waiter.signal);
  }

  /** The first in line, who stays there; `undefined` if nobody waits. */
  get first(): Waiter<Wish, Grant> | undefined {
    while (this.#hasLeft(this.#places[this.#head])) this.#head++;
    if (this.#head >= compactFrom && this.#head * 2 > this.#places.length) {
      this.#places = this.#places.slice(this.#head);
      this.#head = 0;
    }
    return this.#places[this.#head];
  }

  /** Takes the first out of the line. */
  leave(): void {
    const { first } = this;
    if (!first) return;
    this.#head++;
    if (first.signal) this.#forget(first, first.signal);
  }

  #hasLeft(waiter: Waiter<Wish, Grant> | undefined): boolean {
    return waiter?.signal !== undefined && !this.#bySignal.get(waiter.signal)?.waiters.has(waiter);
  }

  #listen(waiter: Waiter<Wish, Grant>, signal: AbortSignal): void {
    const known = this.#bySignal.get(signal);
    if (known) {
      known.waiters.add(waiter);
      return;
    }
    const waiters = new Set([waiter]);
    const giveUp = () => {
      this.#bySignal.delete(signal);
      for (const each of waiters) each.refuse(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#bySignal.set(signal, { waiters, stop: () => signal.removeEventListener("abort", giveUp) });
  }

  #forget(waiter: Waiter<Wish, Grant>, signal: AbortSignal): void {
    const known = this.#bySignal.get(signal);
    known?.waiters.delete(waiter);
    if (known?.waiters.size !== 0) return;
    known.stop();
    this.#bySignal.delete(signal);
  }
}
