/**
 * The Message Batches of Claude's service, over the official SDK, with the faults seen there met: a batch that may
 * have been made although the connection broke is told from one that was not, and results that break off, or
 * end too early, are read again from the start.
 */
import { setTimeout as sleep } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { ModelCallError } from "../errors.js";
import { type Service, type ServiceOptions, serviceCalls } from "./service-calls.js";
import { classify, type Failure, modelCallError, NotAnAnswerError } from "./service-failure.js";
import { noUsage } from "./text-model.js";

export type BatchRequest = Anthropic.Messages.BatchCreateParams.Request;
export type BatchResult = Anthropic.Messages.MessageBatchIndividualResponse;

/** A batch of the workspace. */
export interface KnownBatch {
  readonly id: string;
  readonly requests: number;
  readonly ended: boolean;
}

/** A batch was not made, or nobody knows whether it was. */
export class BatchNotSentError extends Error {
  override readonly name = "BatchNotSentError";
  readonly failure: Failure;
  /** Whether it may have been made all the same. */
  readonly perhapsMade: boolean;
  constructor(failure: Failure) {
    super(failure.reason);
    this.failure = failure;
    this.perhapsMade = failure.status === undefined || failure.status >= 500;
  }
}

interface Waiting {
  signal?: AbortSignal | undefined;
}

export interface BatchesService {
  /** @throws {BatchNotSentError} */
  create(requests: readonly BatchRequest[], options?: Waiting): Promise<string>;
  /** What is known of a batch; `undefined` where it or its results are no longer there. */
  look(id: string, options?: Waiting): Promise<KnownBatch | undefined>;
  /** Batches made since then, newest first. */
  since(at: number, options?: Waiting): Promise<KnownBatch[]>;
  /** Results of a batch that ended, in any order. Some come more than once if reading broke off. */
  results(batch: KnownBatch, options?: Waiting): AsyncGenerator<BatchResult, void, undefined>;
}

/** Time for 256 MB to be sent. */
const createMs = 600_000;

export function batchesService(
  client: Anthropic,
  service: Service,
  options: ServiceOptions = {},
): BatchesService {
  const { timeoutMs = 90_000, maxRetries: retries = 6 } = options;
  const calls = serviceCalls(service, { timeoutMs, maxRetries: retries });
  const ask = <T>(send: (signal: AbortSignal) => Promise<T>, { signal }: Waiting = {}): Promise<T> =>
    calls({
      needs: { inputTokens: 0, outputTokens: 0 },
      mostInputTokens: 0,
      signal,
      send: async (limit) => ({ value: await send(limit), usage: noUsage }),
    });
  const { batches } = client.messages;
  return {
    create: (requests, { signal } = {}) => createBatch(client, requests, signal),
    look: (id, waiting) =>
      ask(async (signal) => checked(await batches.retrieve(id, {}, { signal })), waiting).then(
        (batch) => (batch.archived_at === null ? known(batch) : undefined),
        (error: unknown) => {
          if (error instanceof ModelCallError && error.status === 404) return undefined;
          throw error;
        },
      ),
    since: (at, waiting) =>
      ask(async (signal) => {
        const found: KnownBatch[] = [];
        for await (const batch of batches.list({ limit: 100 }, { signal })) {
          if (Date.parse(checked(batch).created_at) < at) break;
          found.push(known(batch));
        }
        return found;
      }, waiting),
    results: (batch, waiting) => readResults(client, batch, { service, timeoutMs, retries, ...waiting }),
  };
}

/** The SDK would send again after a broken connection, and the service has no key to tell a repetition by. */
async function createBatch(
  client: Anthropic,
  requests: readonly BatchRequest[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const limit = AbortSignal.timeout(createMs);
  const both = signal ? AbortSignal.any([signal, limit]) : limit;
  try {
    const sent = { signal: both, maxRetries: 0, timeout: createMs };
    return checked(await client.messages.batches.create({ requests: [...requests] }, sent)).id;
  } catch (error) {
    signal?.throwIfAborted();
    throw new BatchNotSentError(classify(limit.aborted ? limit.reason : error, Anthropic));
  }
}

interface Reading extends Waiting {
  service: Service;
  timeoutMs: number;
  retries: number;
}

async function* readResults(
  client: Anthropic,
  batch: KnownBatch,
  { service, timeoutMs, retries, signal }: Reading,
): AsyncGenerator<BatchResult, void, undefined> {
  for (let left = retries; ; left--) {
    const stall = stallGuard(timeoutMs, signal);
    try {
      let seen = 0;
      const { batches } = client.messages;
      for await (const result of await batches.results(batch.id, {}, { signal: stall.signal })) {
        stall.alive();
        seen++;
        yield result;
      }
      if (seen >= batch.requests) return;
      throw new NotAnAnswerError(`the results end after ${seen} of ${batch.requests}`);
    } catch (error) {
      signal?.throwIfAborted();
      const failure = classify(stall.signal.aborted ? stall.signal.reason : error, Anthropic);
      if (failure.scope !== "retry" || left === 0) throw modelCallError(failure, service);
    } finally {
      stall.end();
    }
    await sleep(500, undefined, { signal });
  }
}

/** A signal that is aborted when nothing came for so long. */
function stallGuard(ms: number, signal: AbortSignal | undefined) {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new DOMException("no result came", "TimeoutError")), ms);
  return {
    signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    alive: () => timer.refresh(),
    end: () => clearTimeout(timer),
  };
}

function known({
  id,
  request_counts: counts,
  processing_status,
}: Anthropic.Messages.MessageBatch): KnownBatch {
  const requests = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired;
  return { id, requests, ended: processing_status === "ended" };
}

/** @throws {NotAnAnswerError} If it is no batch but perhaps a proxy's page. */
function checked(batch: Anthropic.Messages.MessageBatch): Anthropic.Messages.MessageBatch {
  if (typeof batch === "object" && batch?.type === "message_batch") return batch;
  throw new NotAnAnswerError("the answer was not a batch, but perhaps a proxy's page");
}
