import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { type Tensor, tensor } from "../tensor.js";
import { readInto } from "./array-file.js";
import { type BatchEncoder, openBatchEncoder } from "./batch-encoder.js";
import { type CacheIdentity, firstPositionOf } from "./cache-identity.js";
import type { ContextFiles } from "./context-writer.js";
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
  const lanes = places.map((place) => openLane(place, places.length, options.tokensPerRun));
  const signal = callSignal(options);
  const start = nextContext(lanes);
  const total = (contexts - start) * contextLength;
  const meter = progressMeter(stageName(places), "tokens", total, options.onProgress);
  const reader = new ContextReader(directory, tokensFile, contextLength);
  const encoders = new Encoders(model);
  try {
    for (let from = start; from < contexts; from = nextContext(lanes)) {
      stopIfAborted(signal, `${from} of ${contexts} contexts are computed`);
      const now = lanes.filter(({ writer }) => writer.contexts === from);
      const encoder = await encoders.of(now);
      const most = from + Math.max(1, Math.floor(encoder.tokensPerBatch / contextLength));
      const to = batchEnd(lanes, from, Math.min(most, contexts));
      const encoded = await encoder.encode(reader.read(from, to));
      now.forEach(({ writer }, i) => {
        writer.add(encoded[i], to - from);
      });
      meter.report((to - start) * contextLength, firedNote(lanes));
      await new Promise(setImmediate);
    }
    for (const { writer } of lanes) writer.flush();
    meter.end(total, firedNote(lanes));
  } catch (error) {
    // What is computed is kept, unless it is the disk that refuses.
    if (!(error instanceof FileError)) for (const { writer } of lanes) writer.flush();
    throw error;
  } finally {
    reader.close();
    await encoders.close();
  }
}

function firedNote(lanes: readonly Lane[]): string {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b);
  const fired = sum(lanes.map(({ writer }) => writer.fired));
  const latents = sum(lanes.map(({ coder }) => coder.dSae));
  return `${fired.toLocaleString("en-US")} of ${latents.toLocaleString("en-US")} latents have fired`;
}

/** The encoder of the lanes that are equally far, which change when one that was behind has caught up. */
class Encoders {
  readonly #model: SubjectModel;
  #lanes: readonly Lane[] = [];
  #open: BatchEncoder | undefined;

  constructor(model: SubjectModel) {
    this.#model = model;
  }

  async of(lanes: readonly Lane[]): Promise<BatchEncoder> {
    const same = lanes.length === this.#lanes.length && lanes.every((lane, i) => lane === this.#lanes[i]);
    if (this.#open && same) return this.#open;
    await this.close();
    this.#lanes = lanes;
    this.#open = await openBatchEncoder(
      this.#model,
      lanes.map(({ coder }) => coder),
    );
    return this.#open;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }
}

function openLane({ coder, identity, directory }: CachePlace, lanes: number, tokensPerRun?: number): Lane {
  const { contextLength } = identity;
  const writer = new RunWriter(directory, {
    dSae: coder.dSae,
    contextLength,
    firstPosition: firstPositionOf(identity),
    contextsPerRun: Math.max(1, Math.floor((tokensPerRun ?? defaultTokensPerRun) / contextLength)),
    rowsPerRun: Math.ceil(rowsInMemory / lanes),
  });
  return { coder, writer };
}

function stageName(places: readonly CachePlace[]): string {
  return places.length === 1 ? `cache ${places[0]?.coder.name}` : `cache ${places.length} coders`;
}

function nextContext(lanes: readonly Lane[]): number {
  return Math.min(...lanes.map(({ writer }) => writer.contexts));
}

/** A batch ends where a run does, and where a lane waits that is ahead. */
function batchEnd(lanes: readonly Lane[], from: number, most: number): number {
  const ends = lanes.map(({ writer }) => (writer.contexts === from ? writer.runEnd : writer.contexts));
  return Math.min(most, ...ends);
}

class ContextReader {
  readonly #path: string;
  readonly #file: number;
  readonly #contextLength: number;
  readonly #type: Uint16ArrayConstructor | Uint32ArrayConstructor;

  constructor(directory: string, tokensFile: string, contextLength: number) {
    this.#path = join(directory, tokensFile);
    this.#file = openSync(this.#path, "r");
    this.#contextLength = contextLength;
    this.#type = tokensFile === "tokens.u16" ? Uint16Array : Uint32Array;
  }

  /** The contexts `from` to `to` (exclusive), `[context, position]`. */
  read(from: number, to: number): Tensor<Int32Array> {
    const length = this.#contextLength;
    const ids = new this.#type((to - from) * length);
    readInto(this.#file, this.#path, from * length * ids.BYTES_PER_ELEMENT, ids);
    return tensor(new Int32Array(ids), [to - from, length]);
  }

  close(): void {
    closeSync(this.#file);
  }
}
