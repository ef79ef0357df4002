import type { Message } from "./messages.js";

/** Cells wait here for the one that runs; a failed cell takes those behind it with it. */
export class ExecuteQueue {
  readonly #start: (request: Message) => void;
  #waiting: Message[] = [];
  #running: Message | undefined;

  /** @param start Called with each request when its turn comes. */
  constructor(start: (request: Message) => void) {
    this.#start = start;
  }

  /** The request that runs now. */
  get running(): Message | undefined {
    return this.#running;
  }

  /** Adds a request; it starts at once when nothing runs. */
  add(request: Message): void {
    this.#waiting.push(request);
    this.#next();
  }

  /** Ends the running request and starts the next. */
  finish(): void {
    this.#running = undefined;
    this.#next();
  }

  /** Takes out all that wait. */
  clear(): Message[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  #next(): void {
    if (this.#running) return;
    this.#running = this.#waiting.shift();
    if (this.#running) this.#start(this.#running);
  }
}
