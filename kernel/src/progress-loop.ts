/** Loops that show how far they are: a bar that updates in place and ends as one line of text. */
import type { DisplayHandle } from "./display.js";
import { escapeHtml } from "./table.js";

/** Least time between two updates, in milliseconds. */
const pause = 100;

/** Options of `display.progress()`. */
export interface ProgressOptions {
  /** What is being done; `progress` by default. */
  readonly label?: string;
  /** How many values there are, where they do not say so themselves. */
  readonly total?: number;
}

/** The same values, with a bar that moves as they are taken. */
export interface ProgressLoop {
  <T>(values: Iterable<T>, options?: ProgressOptions): Iterable<T>;
  <T>(values: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
}

/** @param makeHandle Makes the place for a bar. */
export function progressLoop(makeHandle: () => DisplayHandle): ProgressLoop {
  const loop = <T>(
    values: Iterable<T> | AsyncIterable<T>,
    { label = "progress", total = countOf(values) }: ProgressOptions = {},
  ) => {
    const bar = () => new ProgressBar(makeHandle(), label, total);
    return Symbol.asyncIterator in values ? asyncLoop(values, bar) : syncLoop(values, bar);
  };
  return loop as ProgressLoop;
}

function* syncLoop<T>(values: Iterable<T>, makeBar: () => ProgressBar): Generator<T> {
  const bar = makeBar();
  try {
    for (const value of values) {
      yield value;
      bar.step();
    }
  } finally {
    bar.end();
  }
}

async function* asyncLoop<T>(values: AsyncIterable<T>, makeBar: () => ProgressBar): AsyncGenerator<T> {
  const bar = makeBar();
  try {
    for await (const value of values) {
      yield value;
      bar.step();
    }
  } finally {
    bar.end();
  }
}

function countOf(values: object): number | undefined {
  const { length, size } = values as { length?: unknown; size?: unknown };
  return [length, size].find((count): count is number => typeof count === "number");
}

class ProgressBar {
  readonly #handle: DisplayHandle;
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #start = performance.now();
  #last = Number.NEGATIVE_INFINITY;
  #done = 0;

  constructor(handle: DisplayHandle, label: string, total: number | undefined) {
    this.#handle = handle;
    this.#label = label;
    this.#total = total;
    this.#show();
  }

  step(): void {
    this.#done++;
    if (performance.now() - this.#last >= pause) this.#show();
  }

  /** Leaves one line of text. */
  end(): void {
    this.#handle.show({ "text/plain": `${this.#line()} in ${this.#seconds().toFixed(1)} s` }, { raw: true });
  }

  #show(): void {
    this.#last = performance.now();
    const line = this.#line() + this.#rest();
    const range = this.#total === undefined ? "" : ` value="${this.#done}" max="${this.#total}"`;
    const html = `<progress${range}></progress> ${escapeHtml(line)}`;
    this.#handle.show({ "text/html": html, "text/plain": line }, { raw: true });
  }

  #line(): string {
    const share = this.#total ? ` of ${this.#total} (${Math.floor((100 * this.#done) / this.#total)} %)` : "";
    return `${this.#label}: ${this.#done}${share}`;
  }

  #rest(): string {
    if (this.#total === undefined || this.#done === 0) return "";
    return ` · ${Math.ceil((this.#seconds() * (this.#total - this.#done)) / this.#done)} s to go`;
  }

  #seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }
}
