import type { BatchIntent } from "./batches-store.js";
import type { TextReply, TextRequest } from "./text-model.js";

/** A caller who waits for a batch. */
export interface BatchCall {
  readonly key: string;
  readonly request: TextRequest;
  readonly resolve: (reply: TextReply) => void;
  readonly reject: (reason: unknown) => void;
  readonly bytes: number;
  retries: number;
}

/** The callers who wait for one intent's batch, by the end of the custom id. */
export interface BatchGroup {
  readonly intent: BatchIntent;
  readonly calls: Map<string, BatchCall>;
  /** Aborted when nobody waits any more. */
  readonly deserted: AbortController;
}

/** The callers of one intent. */
export function batchGroup(intent: BatchIntent, calls: readonly BatchCall[]): BatchGroup {
  const entries = calls.map((call) => [shortKey(call.key), call] as const);
  return { intent, calls: new Map(entries), deserted: new AbortController() };
}

/** The service takes ids of up to 64 letters, digits and underscores; 160 bits are enough to tell requests apart. */
export function shortKey(key: string): string {
  return key.slice(0, 40);
}
