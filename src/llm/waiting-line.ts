/** Whoever waits: what they ask for, and how they are told. */
export interface Waiter<Wish, Grant> {
  readonly wish: Wish;
  grant(grant: Grant): void;
  refuse(reason: unknown): void;
}

interface Place<Wish, Grant> extends Waiter<Wish, Grant> {
  readonly signal: AbortSignal | undefined;
  left: boolean;
}

/** Places up to here are let go of in one step, so that leaving the front of a long line stays cheap. */
const compactFrom = 1024;

/**
 * A line of callers, first come first served, out of which anyone may step by signal. Made for 100,000 of them:
 * a signal is listened to once, however many wait on it.
 */
export class WaitingLine<Wish, Grant> {
  #places: Place<Wish, Grant>[] = [];
  #head = 0;
  readonly #bySignal = new Map<AbortSignal, { places: Set<Place<Wish, Grant>>; stop: () => void }>();

  /** Waits for a grant. @throws The signal's reason, once it is aborted. */
  join(wish: Wish, signal?: AbortSignal): Promise<Grant> {
    return new Promise((grant, refuse) => {
      const place = { wish, grant, refuse, signal, left: false };
      this.#places.push(place);
      if (signal) this.#listen(place, signal);
    });
  }

  /** The first in line, who stays there; `undefined` if nobody waits. */
  get first(): Waiter<Wish, Grant> | undefined {
    while (this.#places[this.#head]?.left) this.#head++;
    if (this.#head >= compactFrom && this.#head * 2 > this.#places.length) {
      this.#places = this.#places.slice(this.#head);
      this.#head = 0;
    }
    return this.#places[this.#head];
  }

  /** Takes the first out of the line. */
  leave(): void {
    const first = this.#places[this.#head];
    if (first?.signal) this.#forget(first, first.signal);
    if (first) first.left = true;
  }

  #listen(place: Place<Wish, Grant>, signal: AbortSignal): void {
    const known = this.#bySignal.get(signal);
    if (known) {
      known.places.add(place);
      return;
    }
    const places = new Set([place]);
    const giveUp = () => {
      this.#bySignal.delete(signal);
      for (const each of places) {
        each.left = true;
        each.refuse(signal.reason);
      }
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#bySignal.set(signal, { places, stop: () => signal.removeEventListener("abort", giveUp) });
  }

  #forget(place: Place<Wish, Grant>, signal: AbortSignal): void {
    const known = this.#bySignal.get(signal);
    known?.places.delete(place);
    if (known?.places.size !== 0) return;
    known.stop();
    this.#bySignal.delete(signal);
  }
}
