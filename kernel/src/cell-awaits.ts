/**
 * What rewritten cells wait through (see `hoist.ts`), so that an interrupt ends every `await` of a cell: what is awaited
 * is raced with the interrupt, and the code behind it belongs to the same cell again, whatever ran in between.
 *
 * No promise here has more than one reaction: V8 follows only such when it looks for the async frames of an error.
 */
import { inspect, types } from "node:util";
import { type CellContext, currentContext, enterNextMicrotask } from "./cell-context.js";
import { CellInterruptError } from "./cell-error.js";

/** What waits now, by the signal of its cell: each rejects its promise. */
const waiting = new WeakMap<AbortSignal, Set<(error: CellInterruptError) => void>>();
const { then } = Promise.prototype;

/** Stops what code of a cell awaits, so that its `finally` blocks run; says how much that was. */
export function stopAwaits({ signal }: CellContext): number {
  const stops = [...(waiting.get(signal) ?? [])];
  const error = new CellInterruptError();
  for (const stop of stops) stop(error);
  return stops.length;
}

/** A promise for what `value` gives, rejected when the awaits of the cell are stopped before. */
export function untilStopped<T>(
  value: T,
  {
    context = currentContext(),
    onStop,
  }: { readonly context?: CellContext; readonly onStop?: () => void } = {},
): Promise<Awaited<T>> {
  const stops = waiting.get(context.signal) ?? new Set();
  waiting.set(context.signal, stops);
  let stop: (error: CellInterruptError) => void = () => {};
  const first = new Promise<Awaited<T>>((resolve, reject) => {
    stop = (error) => {
      reject(error);
      onStop?.();
    };
    // As `await` does: no call of `then` on a promise of the language's own.
    if (types.isPromise(value) && value.constructor === Promise)
      then.call(value, resolve as () => void, reject);
    else resolve(value as Awaited<T>);
  });
  stops.add(stop);
  const settled = () => {
    stops.delete(stop);
    enterNextMicrotask(context);
  };
  return first.then(
    (result) => {
      settled();
      return result;
    },
    (error: unknown) => {
      settled();
      throw error;
    },
  );
}

/** `await x` in a cell is `await __cell_await(x)`. */
export function cellAwait(value: unknown): unknown {
  if (value !== null && (typeof value === "object" || typeof value === "function"))
    return untilStopped(value);
  enterNextMicrotask(currentContext());
  return value;
}

/** `for await (… of x)` in a cell is `for await (… of __cell_each(x))`; a stopped iterable is closed. */
export function cellEach(values: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown> {
  const iterator = iteratorOf(values);
  const onStop = () => void Promise.resolve(iterator.return?.()).catch(() => {});
  const steps: AsyncIterator<unknown> = { next: () => untilStopped(iterator.next(), { onStop }) };
  if (iterator.return)
    steps.return = () => untilStopped(iterator.return?.() as Promise<IteratorResult<unknown>>);
  return { [Symbol.asyncIterator]: () => steps };
}

/** Comes first in each `catch` of a cell: that it was interrupted is not for the cell to catch. */
export function cellCaught(error: unknown): void {
  const cause = error instanceof Error ? error.cause : undefined;
  const isInterrupt = error instanceof CellInterruptError || cause instanceof CellInterruptError;
  if (isInterrupt && currentContext().signal.aborted) throw error;
}

function iteratorOf(values: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterator<unknown> {
  if (typeof (values as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === "function")
    return (values as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  if (typeof (values as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function")
    return allOf(values as Iterable<unknown>);
  const error = new TypeError(`${inspect(values, { depth: 0 })} is not async iterable`);
  Error.captureStackTrace(error, cellEach);
  throw error;
}

/** A synchronous iterable as `for await` takes it. */
async function* allOf(values: Iterable<unknown>): AsyncGenerator<unknown> {
  yield* values;
}
