import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { type Tensor, tensor } from "../tensor.js";
import { readInto } from "./array-file.js";
import { type CacheIdentity, firstPositionOf } from "./cache-identity.js";
import type { ContextFiles } from "./context-files.js";
import { RunWriter } from "./run-writer.js";
import { stopIfAborted } from "./stop.js";

/** Tokens that go through the model at once: measured best on CPUs at 512 to 1,024. */
const tokensPerBatch = 1024;

const defaultTokensPerRun = 65_536;

export interface EncodeInput {
  model: SubjectModel;
  coder: SparseCoder;
  identity: CacheIdentity;
  options: LongCallOptions & { tokensPerRun?: number | undefined };
}

/** Puts the contexts that are in no run yet through model and coder, and writes a run now and then. */
export async function encodeRuns(
  directory: string,
  { contexts, tokensFile }: ContextFiles,
  { model, coder, identity, options }: EncodeInput,
): Promise<void> {
  const { contextLength } = identity;
  const batch = Math.max(1, Math.floor(tokensPerBatch / contextLength));
  const signal = callSignal(options);
  const writer = new RunWriter(directory, {
    dSae: coder.dSae,
    contextLength,
    firstPosition: firstPositionOf(identity),
    contextsPerRun: Math.max(1, Math.floor((options.tokensPerRun ?? defaultTokensPerRun) / contextLength)),
  });
  const start = writer.contexts;
  const total = (contexts - start) * contextLength;
  const meter = progressMeter(`cache ${coder.name}`, "tokens", total, options.onProgress);
  const reader = new ContextReader(directory, tokensFile, contextLength);
  try {
    while (writer.contexts < contexts) {
      const from = writer.contexts;
      stopIfAborted(signal, `${from} of ${contexts} contexts are computed`);
      const to = Math.min(from + batch, contexts, writer.runEnd);
      writer.add(await encode(model, coder, reader.read(from, to)), to - from);
      meter.report((to - start) * contextLength);
      await new Promise(setImmediate);
    }
    writer.flush();
    meter.end(total);
  } catch (error) {
    // What is computed is kept, unless it is the disk that refuses.
    if (!(error instanceof FileError)) writer.flush();
    throw error;
  } finally {
    reader.close();
  }
}

async function encode(model: SubjectModel, coder: SparseCoder, tokens: Tensor<Int32Array>) {
  const activations = await model.activations(tokens, [coder.hookpoint]);
  return coder.encode(activations.get(coder.hookpoint) as Tensor);
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
