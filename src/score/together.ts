import { setMaxListeners } from "node:events";
import pMap from "p-map";

export interface TogetherOptions {
  signal: AbortSignal | undefined;
  /** How many calls are under way at a time. Default: all; models have limits of their own. */
  concurrency?: number | undefined;
}

/** One call for each part, together; results in order. The first that throws stops the others. */
export async function together<T, R>(
  parts: readonly T[],
  call: (part: T, signal: AbortSignal) => Promise<R>,
  { signal, concurrency = Number.POSITIVE_INFINITY }: TogetherOptions,
): Promise<R[]> {
  const others = new AbortController();
  const either = signal ? AbortSignal.any([signal, others.signal]) : others.signal;
  setMaxListeners(0, either);
  try {
    return await pMap(parts, (part) => call(part, either), { concurrency });
  } catch (error) {
    others.abort(error);
    throw error;
  }
}
