/**
 * Calls that wait for each other and go out as Message Batches.
 *
 * Order of events, so that a crash at any point costs nothing: the requests of a batch are claimed on disk
 * (`batches-store.ts`), the batch is made, its name is written down, it is looked at until it ended, its results are
 * read and given to the callers. A caller whose request was claimed before, by this process or one that died, waits for
 * that batch. Where nobody knows whether a batch was made, it is looked for among the newest of the workspace.
 */
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { BatchDialect } from "./batch-dialect.js";
import { type BatchCall, type BatchGroup, batchGroup, shortKey } from "./batch-group.js";
import { atWorkOn, BatchSearch } from "./batch-search.js";
import { type BatchesService, BatchNotSentError, type KnownBatch } from "./batches-service.js";
import type { BatchesStore, BatchIntent } from "./batches-store.js";
import { deliverResult } from "./deliver-result.js";
import { addressRequest } from "./request-key.js";
import type { Failure } from "./service-failure.js";
import type { TextReply, TextRequest } from "./text-model.js";

/** What became of a batch, to be told to whoever waits. */
export interface BatchEvent {
  readonly kind: "sent" | "adopted" | "not found" | "ended";
  /** The service's name for it; `undefined` for one that was not found. */
  readonly batch: string | undefined;
  readonly requests: number;
}

export interface BatchesOptions {
  /** At most so many requests in a batch. */
  maxRequests: number;
  /** At most so many bytes in a batch. */
  maxBytes: number;
  /** A batch is sent when nothing more was asked for so long, in milliseconds. */
  idleMs: number;
  /** First and longest pause between two looks at a batch, in milliseconds; each is half as long again as the last. */
  pollMs: readonly [number, number];
  /** How long a batch that was made may be missing in the list of batches, in milliseconds. */
  settleMs: number;
  /** How many further batches a request goes into that the service did not get to. */
  maxRetries: number;
  onBatch: ((event: BatchEvent) => void) | undefined;
}

export class Batches {
  readonly #service: BatchesService;
  readonly #store: BatchesStore;
  readonly #dialect: BatchDialect;
  readonly #options: BatchesOptions;
  readonly #search: BatchSearch;
  readonly #groups = new Map<string, BatchGroup>();
  #gathered = new Set<BatchCall>();
  #bytes = 0;
  #due: NodeJS.Timeout | undefined;

  constructor(
    { service, store, dialect }: { service: BatchesService; store: BatchesStore; dialect: BatchDialect },
    options: BatchesOptions,
  ) {
    [this.#service, this.#store, this.#dialect, this.#options] = [service, store, dialect, options];
    const onAdopted = (batch: string, group: BatchGroup) => this.#tell("adopted", batch, group);
    this.#search = new BatchSearch({ ...{ service, store, onAdopted }, ...options });
  }

  /** Whether the request was, or may have been, sent before. */
  wasSent(request: TextRequest): boolean {
    return this.#store.intentOf(addressRequest(this.#dialect.model, request).key) !== undefined;
  }

  /** Resolves when a batch with the request ended. A caller who gives up leaves the batch alone: it is paid for. */
  complete(request: TextRequest, signal?: AbortSignal): Promise<TextReply> {
    return new Promise((resolve, reject) => {
      const { key } = addressRequest(this.#dialect.model, request);
      const bytes = Buffer.byteLength(JSON.stringify(this.#dialect.body(request))) + idBytes;
      const giveUp = () => {
        this.#leave(call);
        reject(signal?.reason);
      };
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener("abort", giveUp);
          settle(value);
        };
      const call: BatchCall = {
        key,
        request,
        bytes,
        retries: 0,
        resolve: settled(resolve),
        reject: settled(reject),
      };
      signal?.throwIfAborted();
      // Thousands may wait on the signal of one run.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#place(call);
    });
  }

  #place(call: BatchCall): void {
    const intent = this.#store.intentOf(call.key);
    const group = intent && this.#groups.get(intent.id);
    if (!intent) this.#gather(call);
    else if (group) group.calls.set(shortKey(call.key), call);
    else this.#follow(this.#newGroup(intent, [call]), (waiting) => this.#search.batchOf(waiting));
  }

  #gather(call: BatchCall): void {
    const { maxRequests, maxBytes, idleMs } = this.#options;
    if (this.#bytes + call.bytes > maxBytes) this.#flush();
    this.#gathered.add(call);
    this.#bytes += call.bytes;
    clearTimeout(this.#due);
    if (this.#gathered.size >= maxRequests) this.#flush();
    else this.#due = setTimeout(() => this.#flush(), idleMs);
  }

  #flush(): void {
    clearTimeout(this.#due);
    const calls = [...this.#gathered];
    [this.#gathered, this.#bytes] = [new Set(), 0];
    this.#send(calls);
  }

  #leave(call: BatchCall): void {
    if (this.#gathered.delete(call)) this.#bytes -= call.bytes;
    for (const group of this.#groups.values()) {
      if (group.calls.get(shortKey(call.key)) === call) this.#settle(group, call);
    }
  }

  #send(calls: readonly BatchCall[]): void {
    if (calls.length === 0) return;
    try {
      const { intent, taken } = this.#store.claim(calls.map(({ key }) => key));
      const mine = calls.filter(({ key }) => taken.has(key));
      if (mine.length > 0) this.#follow(this.#newGroup(intent, mine), (group) => this.#create(group));
      // Another process was quicker with the others.
      for (const call of calls) if (!taken.has(call.key)) this.#place(call);
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  #newGroup(intent: BatchIntent, calls: readonly BatchCall[]): BatchGroup {
    const group = batchGroup(intent, calls);
    this.#groups.set(intent.id, group);
    return group;
  }

  /** Nobody waits for `call` any more. */
  #settle(group: BatchGroup, call: BatchCall): void {
    group.calls.delete(shortKey(call.key));
    if (group.calls.size > 0) return;
    // Whoever comes now must not join those who are leaving.
    this.#forget(group);
    group.deserted.abort(new Error("nobody waits for this batch"));
  }

  #forget(group: BatchGroup): void {
    if (this.#groups.get(group.intent.id) === group) this.#groups.delete(group.intent.id);
  }

  /** From the batch to the callers; what goes wrong is told to all who still wait. */
  async #follow(
    group: BatchGroup,
    batchOf: (group: BatchGroup) => Promise<string | undefined>,
  ): Promise<void> {
    try {
      const id = await batchOf(group);
      while (group.calls.size > 0) {
        const batch = id === undefined ? undefined : await this.#search.ended(id, group);
        if (!batch) {
          this.#sendAnew(group);
          return;
        }
        await this.#quiet(group);
        await this.#read(batch, group);
      }
    } catch (error) {
      for (const call of [...group.calls.values()]) {
        this.#settle(group, call);
        call.reject(error);
      }
    } finally {
      this.#forget(group);
    }
  }

  /** There is no such batch, or no longer: its requests are sent anew. */
  #sendAnew(group: BatchGroup): void {
    this.#forget(group);
    this.#tell("not found", undefined, group);
    this.#store.release(group.intent.id);
    for (const call of group.calls.values()) this.#gather(call);
  }

  /** Makes the batch. Gives nothing where that failed for now: the callers then wait for another. */
  async #create(group: BatchGroup): Promise<string | undefined> {
    const { intent, calls, deserted } = group;
    const requests = [...calls].map(([short, { request }]) => ({
      custom_id: `${intent.id}_${short}`,
      params: this.#dialect.body(request),
    }));
    return await atWorkOn(intent, async () => {
      try {
        const batch = await this.#service.create(requests, { signal: deserted.signal });
        this.#store.sent(intent.id, batch);
        this.#tell("sent", batch, group);
        return batch;
      } catch (error) {
        if (!(error instanceof BatchNotSentError)) throw error;
        const found = error.perhapsMade ? await this.#search.adopt(group) : undefined;
        return found ?? (await this.#notSent(group, error.failure));
      }
    });
  }

  /** What could not be sent: too large is halved, a passing fault is tried again, the rest fails. */
  async #notSent(group: BatchGroup, failure: Failure): Promise<undefined> {
    const { intent, calls, deserted } = group;
    const tooLarge = failure.scope === "call" && calls.size > 1;
    const retries = Math.max(...[...calls.values()].map((call) => ++call.retries));
    if (!tooLarge && (failure.scope !== "retry" || retries > this.#options.maxRetries)) {
      this.#store.release(intent.id);
      throw this.#dialect.error(failure);
    }
    const pause = failure.waitMs ?? Math.min(60_000, 500 * 2 ** retries);
    if (!tooLarge) await sleep(pause, undefined, { signal: deserted.signal });
    this.#store.release(intent.id);
    const left = [...calls.values()];
    calls.clear();
    const half = Math.ceil(left.length / (tooLarge ? 2 : 1));
    this.#send(left.slice(0, half));
    this.#send(left.slice(half));
    return undefined;
  }

  /** Waits until no further caller comes, so that the results are read once for all of them. */
  async #quiet({ calls, deserted: { signal } }: BatchGroup): Promise<void> {
    for (let before = -1; before !== calls.size; ) {
      before = calls.size;
      await sleep(Math.min(1000, this.#options.idleMs), undefined, { signal });
    }
  }

  async #read(batch: KnownBatch, group: BatchGroup): Promise<void> {
    const { intent, calls, deserted } = group;
    const { maxRetries } = this.#options;
    const waiting = [...calls.values()];
    const again: BatchCall[] = [];
    const unpaid: string[] = [];
    try {
      for await (const result of this.#service.results(batch, { signal: deserted.signal })) {
        const call = calls.get(result.custom_id.slice(intent.id.length + 1));
        if (!call) continue;
        // Not `settle`: the last caller's leaving must not end the reading.
        calls.delete(shortKey(call.key));
        const fate = deliverResult(call, result, { batch, dialect: this.#dialect, maxRetries });
        if (fate === "again") again.push(call);
        if (fate !== "paid") unpaid.push(call.key);
      }
    } finally {
      if (unpaid.length > 0) this.#store.release(intent.id, unpaid);
      for (const call of again) this.#gather(call);
    }
    this.#tell("ended", batch.id, group);
    for (const call of waiting) {
      if (calls.get(shortKey(call.key)) !== call) continue;
      calls.delete(shortKey(call.key));
      const reason = `batch ${batch.id} holds no result for it`;
      call.reject(this.#dialect.error({ scope: "call", status: undefined, reason }));
    }
  }

  #tell(kind: BatchEvent["kind"], batch: string | undefined, { intent }: BatchGroup): void {
    this.#options.onBatch?.({ kind, batch, requests: intent.requests });
  }
}

/** What a request's id and the brackets around it take up in a batch. */
const idBytes = 100;
