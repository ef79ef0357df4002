/** Share of a minute's amount that a bucket holds: a tenth of a second, so that calls go out evenly. */
const capacityMinutes = 1 / 600;

/**
 * A rate limit as a bucket that fills evenly. What is larger than the bucket may be taken when it is full, and
 * is then waited for.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #level: number;
  #at: number;

  /** @param now The time in milliseconds, by any clock that all calls share. */
  constructor(perMinute: number, now: number) {
    this.#perMs = perMinute / 60_000;
    this.#capacity = Math.max(1, perMinute * capacityMinutes);
    this.#level = this.#capacity;
    this.#at = now;
  }

  /** Milliseconds until `amount` can be taken. */
  wait(amount: number, now: number): number {
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
    return Math.max(0, (Math.min(amount, this.#capacity) - this.#level) / this.#perMs);
  }

  /** Takes `amount`, or gives it back where it is negative. */
  take(amount: number): void {
    this.#level = Math.min(this.#capacity, this.#level - amount);
  }
}
