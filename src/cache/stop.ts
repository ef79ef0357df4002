/**
 * Throws where the caller has asked to stop.
 *
 * @param kept What is kept, in words.
 * @throws {DOMException} Named `AbortError`, with the signal's reason as its cause.
 */
export function stopIfAborted(signal: AbortSignal | undefined, kept: string): void {
  if (!signal?.aborted) return;
  const message = `Stopped caching as asked: ${kept}; call cacheLatents again with the same arguments to go on from there`;
  throw Object.assign(new DOMException(message, "AbortError"), { cause: signal.reason });
}
