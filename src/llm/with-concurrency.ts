import { setMaxListeners } from "node:events";
import type { TextModel } from "./text-model.js";

/**
 * The same model with at most `n` calls under way; further ones wait in the order in which they came.
 *
 * @throws {RangeError} If `n` is not a whole number >= 1.
 */
export function withConcurrency(model: TextModel, n: number): TextModel {
  const enter = gate(n);
  return {
    name: model.name,
    async complete(request, options = {}) {
      const leave = await enter(options.signal);
      try {
        return await model.complete(request, options);
      } finally {
        leave();
      }
    },
  };
}

/** Lets `n` in at a time. Who enters gets the function to leave with; who waits may give up by signal. */
function gate(n: number): (signal?: AbortSignal) => Promise<() => void> {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`Cannot allow ${n} calls at a time: give a whole number of at least 1`);
  }
  let free = n;
  const waiting = new Set<() => void>();
  const leave = () => {
    free++;
    const [next] = waiting;
    if (next) next();
  };
  return async (signal) => {
    signal?.throwIfAborted();
    if (free === 0) {
      // Thousands may wait on the signal of one run.
      if (signal) setMaxListeners(0, signal);
      await new Promise<void>((resolve, reject) => {
        const enter = () => {
          waiting.delete(enter);
          signal?.removeEventListener("abort", giveUp);
          free--;
          resolve();
        };
        const giveUp = () => {
          waiting.delete(enter);
          reject(signal?.reason);
        };
        waiting.add(enter);
        signal?.addEventListener("abort", giveUp, { once: true });
      });
      return leave;
    }
    free--;
    return leave;
  };
}
