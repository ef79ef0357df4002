/** What promises come to, in their order. Each is asked for, and so begun, before the one before it is used. */
export async function* oneAhead<T>(promises: Iterable<Promise<T>>): AsyncGenerator<T> {
  let before: Promise<T> | undefined;
  try {
    for (const promise of promises) {
      // Thrown when its turn comes.
      promise.catch(() => {});
      const first = before;
      before = promise;
      if (first) yield await first;
    }
    if (before) yield await before;
  } finally {
    await before?.catch(() => {});
  }
}
