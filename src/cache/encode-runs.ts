import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import type { SparseActivations } from "../sparse/sparse-activations.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { type Tensor, tensor } from "../tensor.js";
import { readInto } from "./array-file.js";
import { openBatchEncoder } from "./batch-encoder.js";
import { type CacheIdentity, firstPositionOf } from "./cache-identity.js";
import type { ContextFiles } from "./context-writer.js";
import { oneAhead } from "./one-ahead.js";
import { RunWriter } from "./run-writer.js";
import { stopIfAborted } from "./stop.js";

const defaultTokensPerRun = 65_536;

/** Rows in memory before they are written, of all coders together: 100 MB. */
const rowsInMemory = 1 << 22;

/** A coder and the cache of it that is being filled. */
export interface CachePlace {
  readonly coder: SparseCoder;
  readonly identity: CacheIdentity;
  readonly directory: string;
}

export interface EncodeInput {
  model: SubjectModel;
  /** One or more, all of the same contexts. */
  places: readonly CachePlace[];
  options: LongCallOptions & { tokensPerRun?: number | undefined };
}

interface Lane {
  readonly coder: SparseCoder;
  readonly writer: RunWriter;
}

/**
 * Puts the contexts that are in no run yet through model and coders, and writes a run now and then. The model runs
 * once for all coders that are equally far; those that are behind catch up first.
 */
export async function encodeRuns(
  { contexts, tokensFile }: ContextFiles,
  { model, places, options }: EncodeInput,
): Promise<void> {
  const [{ directory, identity }] = places as [CachePlace];
  const { contextLength } = identity;
  const lanes: Lane[] = [];
  for (const place of places) lanes.push(await openLane(place, places.length, options.tokensPerRun));
  const signal = callSignal(options);
  const [start] = startsOf(lanes);
  const total = (contexts - start) * contextLength;
  const meter = progressMeter(stageName(places), "tokens", total, options.onProgress);
  const reader = new ContextReader(directory, tokensFile, contextLength);
  try {
    for (const stretch of stretches(lanes, contexts)) {
      for await (const { end, rows } of encodedBatches(stretch, { model, reader, signal, ...options })) {
        for (const [i, { writer }] of stretch.lanes.entries()) await writer.add(rows[i], end);
        meter.report((end - start) * contextLength, firedNote(lanes));
      }
    }
    for (const { writer } of lanes) await writer.flush();
    meter.end(total, firedNote(lanes));
  } catch (error) {
    // What is computed is kept, unless it is the disk that refuses.
    if (!(error instanceof FileError)) for (const { writer } of lanes) await writer.flush();
    throw error;
  } finally {
    reader.close();
  }
}

async function openLane(
  { coder, identity, directory }: CachePlace,
  lanes: number,
  tokensPerRun = defaultTokensPerRun,
): Promise<Lane> {
  const { contextLength } = identity;
  const writer = await RunWriter.open(directory, {
    dSae: coder.dSae,
    contextLength,
    firstPosition: firstPositionOf(identity),
    contextsPerRun: Math.max(1, Math.floor(tokensPerRun / contextLength)),
    rowsPerRun: Math.ceil(rowsInMemory / lanes),
  });
  return { coder, writer };
}

function stageName(places: readonly CachePlace[]): string {
  return places.length === 1 ? `cache ${places[0]?.coder.name}` : `cache ${places.length} coders`;
}

function firedNote(lanes: readonly Lane[]): string {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b);
  const fired = sum(lanes.map(({ writer }) => writer.fired));
  const latents = sum(lanes.map(({ coder }) => coder.dSae));
  return `${fired.toLocaleString("en-US")} of ${latents.toLocaleString("en-US")} latents have fired`;
}

/** Contexts that the same lanes need: `from` to `to` (exclusive) of `contexts`. */
interface Stretch {
  readonly lanes: readonly Lane[];
  readonly from: number;
  readonly to: number;
  readonly contexts: number;
}

/** From where the last lane stands to the end, cut where others stand, which join in from there. */
function stretches(lanes: readonly Lane[], contexts: number): Stretch[] {
  const starts = startsOf(lanes);
  return starts
    .map((from, i) => ({
      lanes: lanes.filter(({ writer }) => writer.contexts <= from),
      ...{ from, to: starts[i + 1] ?? contexts, contexts },
    }))
    .filter(({ from, to }) => from < to);
}

/** Where lanes stand, ascending. */
function startsOf(lanes: readonly Lane[]): [number, ...number[]] {
  const starts = new Set(lanes.map(({ writer }) => writer.contexts));
  return [...starts].sort((a, b) => a - b) as [number, ...number[]];
}

/** Rows of each lane, of the contexts up to `end` (exclusive) that follow those of the batch before. */
interface EncodedBatch {
  readonly end: number;
  readonly rows: readonly SparseActivations[];
}

interface BatchOptions {
  model: SubjectModel;
  reader: ContextReader;
  signal: AbortSignal | undefined;
  tokensPerRun?: number | undefined;
}

/**
 * A stretch batch by batch. While a batch is used, the next one is computed.
 *
 * @throws {DOMException} If `signal` asks to stop: after the batches that were begun.
 */
async function* encodedBatches(
  { lanes, from, to, contexts }: Stretch,
  { model, reader, signal, tokensPerRun = defaultTokensPerRun }: BatchOptions,
): AsyncGenerator<EncodedBatch> {
  stopIfAborted(signal, `${from} of ${contexts} contexts are computed`);
  const coders = lanes.map(({ coder }) => coder);
  const encoder = await openBatchEncoder(model, coders);
  const tokens = Math.min(encoder.tokensPerBatch, tokensPerRun);
  const size = Math.max(1, Math.floor(tokens / reader.contextLength));
  const encode = async (start: number): Promise<EncodedBatch> => {
    const end = Math.min(to, start + size);
    return { end, rows: await encoder.encode(reader.read(start, end)) };
  };
  let next = from;
  function* batches() {
    for (; next < to && !signal?.aborted; next += size) yield encode(next);
  }
  try {
    for await (const batch of oneAhead(batches())) {
      yield batch;
      await new Promise(setImmediate);
    }
    if (next < to) stopIfAborted(signal, `${next} of ${contexts} contexts are computed`);
  } finally {
    await encoder.close();
  }
}

class ContextReader {
  readonly contextLength: number;
  readonly #path: string;
  readonly #file: number;
  readonly #type: Uint16ArrayConstructor | Uint32ArrayConstructor;

  constructor(directory: string, tokensFile: string, contextLength: number) {
    this.#path = join(directory, tokensFile);
    this.#file = openSync(this.#path, "r");
    this.contextLength = contextLength;
    this.#type = tokensFile === "tokens.u16" ? Uint16Array : Uint32Array;
  }

  /** The contexts `from` to `to` (exclusive), `[context, position]`. */
  read(from: number, to: number): Tensor<Int32Array> {
    const length = this.contextLength;
    const ids = new this.#type((to - from) * length);
    readInto(this.#file, this.#path, from * length * ids.BYTES_PER_ELEMENT, ids);
    return tensor(new Int32Array(ids), [to - from, length]);
  }

  close(): void {
    closeSync(this.#file);
  }
}
