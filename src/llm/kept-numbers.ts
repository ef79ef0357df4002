/**
 * Numbers that models give about texts, kept in a ledger: vectors, log-probabilities, shares of candidates. What a ledger
 * holds is taken from there; what it lacks is asked for, once for equal requests at the same time, and is on disk before
 * it is used.
 */
import { ModelCallError } from "../errors.js";
import { fromOther } from "./from-other.js";
import { type Ledger, type Numbers, openLedger } from "./ledger.js";
import type { Prices } from "./model-facts.js";
import type { AddressedRequest } from "./request-key.js";
import { addUsage, noUsage, type Usage } from "./text-model.js";

/** One call over the network. */
export interface NumbersCall {
  readonly asked: AddressedRequest;
  /** Addresses of the texts that it is about. */
  readonly keys: readonly string[];
  /** @returns Numbers for each of `keys`. */
  ask(onUsage: (usage: Usage) => void): Promise<Numbers[]>;
}

/** Numbers about each of `wanted`; `callsFor` says how those are asked for that are not known. */
export type KeptNumbers = (
  wanted: readonly AddressedRequest[],
  callsFor: (unknown: readonly AddressedRequest[]) => NumbersCall[],
  options: { signal: AbortSignal | undefined },
) => Promise<Numbers[]>;

/** The numbers of the ledger at `place`, see `withLedger`. */
export function keptNumbers(place: string, { prices }: { prices?: Prices | undefined } = {}): KeptNumbers {
  const ledger = openLedger(place, { numbers: true });
  /** By address. */
  const underWay = new Map<string, Promise<void>>();
  const begin = (call: NumbersCall): Promise<void> => {
    const leave = () => {
      for (const key of call.keys) underWay.delete(key);
    };
    const done = askAndKeep(ledger, { ...call, prices }).finally(leave);
    for (const key of call.keys) underWay.set(key, done);
    return done;
  };
  return async (wanted, callsFor, { signal }) => {
    signal?.throwIfAborted();
    const known = new Map<string, Numbers>();
    let left = new Map(wanted.map((asked) => [asked.key, asked]));
    const lookUp = () => {
      for (const key of left.keys()) {
        const found = ledger.findNumbers(key);
        if (found) known.set(key, found);
      }
      left = new Map([...left].filter(([key]) => !known.has(key)));
      return left.size > 0;
    };
    while (lookUp()) {
      const others = new Set([...left.keys()].flatMap((key) => underWay.get(key) ?? []));
      const calls = callsFor([...left.values()].filter(({ key }) => !underWay.has(key)));
      await Promise.all([...calls.map(begin), ...[...others].map((other) => fromOther(other, { signal }))]);
    }
    return wanted.map(({ key }) => known.get(key) as Numbers);
  };
}

async function askAndKeep(
  ledger: Ledger,
  { asked, keys, ask, prices }: NumbersCall & { prices: Prices | undefined },
): Promise<void> {
  const start = performance.now();
  const waited = () => ({ waitedMs: performance.now() - start });
  let usage = noUsage;
  try {
    const numbers = await ask((more) => {
      usage = addUsage(usage, more);
    });
    await ledger.keep({
      asked,
      usage,
      prices,
      numbers: new Map(keys.map((key, i) => [key, numbers[i] as Numbers])),
      ...waited(),
    });
  } catch (error) {
    if (error instanceof ModelCallError) await ledger.keep({ asked, failure: error.message, ...waited() });
    throw error;
  }
}
