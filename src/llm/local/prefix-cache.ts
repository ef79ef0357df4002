import { setImmediate } from "node:timers/promises";
import type { CausalSession, Past } from "./causal-session.js";

/** Read at once: the same blocks whatever was read before, so that the numbers do not depend on it either. */
const blockLength = 64;
/** An explanation's prompt and the one that it is compared with, and room for another pair. */
const pastsKept = 4;

/**
 * What a model keeps of prefixes that it has read. A prefix is read in blocks, and blocks that another prefix begins with
 * too are not read again: instructions and few-shot examples are paid once per run. Pasts are values that are never
 * changed, so that what is scored after one cannot leak into it.
 */
export class PrefixCache {
  readonly #session: CausalSession;
  /** Latest last. */
  #entries: { readonly ids: Int32Array; readonly past: Past }[] = [];

  constructor(session: CausalSession) {
    this.#session = session;
  }

  /** What the model keeps of these tokens. */
  async past(ids: Int32Array, signal: AbortSignal | undefined): Promise<Past> {
    let past = this.#longest(ids);
    while (past.length < ids.length) {
      signal?.throwIfAborted();
      past = await this.#session.remember(ids.slice(past.length, past.length + blockLength), past);
      await setImmediate();
    }
    this.#keep(ids, past);
    return past;
  }

  #longest(ids: Int32Array): Past {
    let best = this.#session.nothing;
    for (const entry of this.#entries) {
      const shared = sharedLength(entry.ids, ids);
      if (shared === ids.length && shared === entry.ids.length) return entry.past;
      const whole = shared - (shared % blockLength);
      if (whole > best.length) best = this.#session.cut(entry.past, whole);
    }
    return best;
  }

  #keep(ids: Int32Array, past: Past): void {
    const others = this.#entries.filter(
      (entry) => entry.ids.length !== ids.length || sharedLength(entry.ids, ids) !== ids.length,
    );
    this.#entries = [...others, { ids, past }].slice(-pastsKept);
  }
}

function sharedLength(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return length;
}
