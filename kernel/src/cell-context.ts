/**
 * Which cell (or comm message) the code that runs now belongs to, so that what it prints lands there.
 *
 * While a cell runs, that cell; inside a timer's or a comm's callback, the cell that set it up; behind an `await` of
 * cell code, the cell that it began in; else the last cell.
 * Timers are wrapped instead of using AsyncLocalStorage, because async hooks can abort Node 20 when a cell is stopped.
 */
import type { Header, Json } from "./messages.js";

/** The cell that code belongs to. */
export interface CellContext {
  readonly parent: Header | undefined;
  readonly signal: AbortSignal;
  /** What the front end says of the cell. */
  readonly metadata?: Json;
}

const nowhere: CellContext = { parent: undefined, signal: new AbortController().signal };
let cell: CellContext = nowhere;
let callback: CellContext | undefined;
let ended: CellContext | undefined;
/** As it is before `wrapTimers`. */
const nextTurn = globalThis.setImmediate;

/** The context of the code that runs now. */
export function currentContext(): CellContext {
  return callback ?? cell;
}

/** Makes a cell the one that code without a better claim belongs to. */
export function enterCell(context: CellContext): void {
  cell = context;
  callback = undefined;
  ended = undefined;
}

/**
 * The context of an error that nobody caught and whose stack names no cell: Node reports it right behind the callback that
 * it comes from.
 */
export function uncaughtContext(): CellContext {
  return callback ?? ended ?? cell;
}

/** Remembers whose code has just run, until the event loop goes on. */
function end(context: CellContext | undefined): void {
  if (!ended) {
    nextTurn(() => {
      ended = undefined;
    });
  }
  ended = context;
}

/** Runs a callback as part of `context`. */
export function runInContext<T>(context: CellContext, run: () => T): T {
  const before = callback;
  callback = context;
  try {
    return run();
  } finally {
    callback = before;
    end(context);
  }
}

const nextMicrotask = Promise.resolve();
const leave = () => {
  end(callback);
  callback = undefined;
};

/** Makes the microtask that is queued right behind this call part of `context`. */
export function enterNextMicrotask(context: CellContext): void {
  void nextMicrotask.then(() => {
    callback = context;
    void nextMicrotask.then(leave);
  });
}

/** Makes the timers of the global scope remember the cell that set them. */
export function wrapTimers(): void {
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const) {
    const original = globalThis[name] as (run: (...values: unknown[]) => void, ...rest: unknown[]) => unknown;
    const wrapped = (run: unknown, ...rest: unknown[]) => {
      if (typeof run !== "function") return original(run as () => void, ...rest);
      const context = currentContext();
      return original((...values) => runInContext(context, () => run(...values)), ...rest);
    };
    Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
    Object.defineProperty(globalThis, name, {
      value: wrapped,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }
}
