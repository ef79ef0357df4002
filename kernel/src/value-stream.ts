/** Async iterables on the screen: text that is written, rows that are added, or the newest of anything else. */
import { displaySymbol, type Shown } from "./mime-bundle.js";
import { isRow } from "./table.js";

/** Least time between two updates, in milliseconds. */
const pause = 100;

/**
 * Whether a value is an async iterable to be shown as it comes.
 *
 * Not so what shows itself, and streams of bytes (`process.stdin`, a response's body), which looking at would use up.
 */
export function isValueStream(value: unknown): value is AsyncIterable<unknown> {
  if (value === null || typeof value !== "object" || displaySymbol in value) return false;
  return Symbol.asyncIterator in value && !("pipe" in value) && !("getReader" in value);
}

/**
 * Shows what an async iterable yields: strings are joined, plain objects become the rows of one table, of anything else
 * the newest is shown.
 *
 * @param show Shows a value in the place of the one before.
 * @param options.signal Ends it: the iterable's `return()` is called, and the signal's reason thrown.
 */
export async function followValues(
  values: AsyncIterable<unknown>,
  show: (view: unknown) => Shown<void>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const iterator = values[Symbol.asyncIterator]();
  const screen = throttled(show);
  let view: ((value: unknown) => unknown) | undefined;
  let isOpen = true;
  try {
    for (;;) {
      const next = await untilAborted(iterator.next(), signal).catch((error: unknown) => {
        isOpen = signal.aborted;
        throw error;
      });
      isOpen = next.done !== true;
      if (next.done) return;
      view ??= viewFor(next.value);
      screen.show(view(next.value));
    }
  } finally {
    if (isOpen) void iterator.return?.();
    await screen.end();
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function viewFor(first: unknown): (value: unknown) => unknown {
  if (typeof first === "string") {
    let text = "";
    return (value) => {
      text += String(value);
      return { [displaySymbol]: () => ({ "text/plain": text }) };
    };
  }
  if (!isRow(first)) return (value) => value;
  const rows: unknown[] = [];
  return (value) => {
    rows.push(value);
    return rows;
  };
}

/** Shows the first value at once, and later ones no sooner than a pause after the one before. */
function throttled(show: (value: unknown) => Shown<void>) {
  let waiting: { readonly value: unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  const showWaiting = () => {
    timer = undefined;
    if (!waiting) return;
    const { value } = waiting;
    waiting = undefined;
    last = last.then(() => show(value));
    last.catch(() => {}); // end() reports it
    timer = setTimeout(showWaiting, pause);
  };
  return {
    show(value: unknown): void {
      waiting = { value };
      if (!timer) showWaiting();
    },
    /** Shows what still waits; resolves when it is there. */
    async end(): Promise<void> {
      clearTimeout(timer);
      showWaiting();
      clearTimeout(timer);
      await last;
    },
  };
}
