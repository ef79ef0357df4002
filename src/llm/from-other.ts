import { setMaxListeners } from "node:events";

/**
 * What another caller gets, whose equal request is under way; `undefined` if that caller fails or gives up: then we ask
 * ourselves.
 *
 * @throws The signal's reason, as soon as it asks to stop.
 */
export function fromOther<T>(
  other: Promise<T>,
  { signal }: { signal: AbortSignal | undefined },
): Promise<T | undefined> {
  const value = other.catch(() => undefined);
  if (!signal) return value;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    // Thousands may wait on the signal of one run.
    setMaxListeners(0, signal);
    signal.addEventListener("abort", stop, { once: true });
    value.then(resolve).finally(() => signal.removeEventListener("abort", stop));
  });
}
