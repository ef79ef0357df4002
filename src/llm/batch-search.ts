/**
 * Finds the batch of an intent. One that another process is about to make is waited for; where nobody knows whether it
 * was made, it is looked for among the newest of the workspace, by the ids in its results.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { BatchGroup } from "./batch-group.js";
import type { BatchesService, KnownBatch } from "./batches-service.js";
import type { BatchesStore, BatchIntent } from "./batches-store.js";

export interface BatchSearchOptions {
  readonly service: BatchesService;
  readonly store: BatchesStore;
  /** First and longest pause between two looks at a batch, in milliseconds; each is half as long again as the last. */
  readonly pollMs: readonly [number, number];
  /** How long a batch that was made may be missing in the list of batches, in milliseconds. */
  readonly settleMs: number;
  /** Told of a batch that was found among the newest. */
  readonly onAdopted: (batch: string, group: BatchGroup) => void;
}

/** Times on another clock may differ by so much, in milliseconds. */
const clockSkewMs = 3_600_000;
/** A process that is about to make a batch has made it, or failed, after so long. */
const createMs = 900_000;

export class BatchSearch {
  readonly #options: BatchSearchOptions;

  constructor(options: BatchSearchOptions) {
    this.#options = options;
  }

  /** The batch of an intent that another process, or an earlier call, wrote down. */
  async batchOf(group: BatchGroup): Promise<string | undefined> {
    const { store } = this.#options;
    let { intent } = group;
    const signal = group.deserted.signal;
    while (intent.batch === undefined && isAtWork(intent)) {
      await sleep(1000, undefined, { signal });
      const [call] = group.calls.values();
      const found = call && store.intentOf(call.key);
      if (found?.id !== intent.id) return undefined;
      intent = found;
    }
    return intent.batch ?? (await this.adopt(group));
  }

  /** Looks among the newest batches for one whose results carry the intent's id. */
  async adopt(group: BatchGroup): Promise<string | undefined> {
    const { service, store, settleMs, onAdopted } = this.#options;
    const { intent, deserted } = group;
    const { signal } = deserted;
    for (;;) {
      const settled = Date.now() - intent.at > settleMs;
      const newest = await service.since(intent.at - clockSkewMs, { signal });
      const alike = newest.filter(({ id, requests }) => requests === intent.requests && !store.knows(id));
      for (const { id } of alike) {
        if (!(await this.#isOf(id, group))) continue;
        store.sent(intent.id, id);
        onAdopted(id, group);
        return id;
      }
      if (settled) return undefined;
      await sleep(Math.min(1000, settleMs), undefined, { signal });
    }
  }

  /** A batch tells whose it is only in its results. */
  async #isOf(id: string, group: BatchGroup): Promise<boolean> {
    const batch = await this.ended(id, group);
    if (!batch) return false;
    const results = this.#options.service.results(batch, { signal: group.deserted.signal });
    for await (const { custom_id } of results) return custom_id.startsWith(`${group.intent.id}_`);
    return false;
  }

  /** Looks at a batch until it ended; `undefined` where it is gone. */
  async ended(id: string, { deserted: { signal } }: BatchGroup): Promise<KnownBatch | undefined> {
    const { service, pollMs } = this.#options;
    let [pause, longest] = pollMs;
    for (;;) {
      const batch = await service.look(id, { signal });
      if (!batch || batch.ended) return batch;
      await sleep(pause, undefined, { signal });
      pause = Math.min(longest, pause * 1.5);
    }
  }
}

/** Intents whose batch is being made by this process. */
const making = new Set<string>();

/** Makes the batch of an intent; other callers of this process know that it is at work. */
export async function atWorkOn<T>(intent: BatchIntent, make: () => Promise<T>): Promise<T> {
  making.add(intent.id);
  try {
    return await make();
  } finally {
    making.delete(intent.id);
  }
}

/** Whether the process that wrote the intent may still be making the batch. */
function isAtWork({ id, pid, at }: BatchIntent): boolean {
  if (pid === process.pid) return making.has(id);
  if (Date.now() - at > createMs) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
