/**
 * The only import of onnxruntime-node. Facts about version 1.30 that shape the callers: `run`
 * blocks the event loop, so runs are kept short; outputs are copied into JavaScript, so only
 * small ones are fetched; the whole graph is computed whatever is fetched, so it is cut before.
 */
import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { FileError } from "../../errors.js";
import { halfToFloat } from "../../formats/half.js";
import { type Tensor, type TensorData, tensor } from "../../tensor.js";

export interface OnnxSession {
  /** Names of the inputs that the graph takes. */
  readonly inputs: readonly string[];
  /** ONNX types of the outputs, before widening. */
  readonly outputTypes: ReadonlyMap<string, string>;
  /**
   * Runs the graph once; float16 results are widened. Blocks while it computes.
   *
   * @param outputs Which to fetch. Default: all.
   */
  run(
    feeds: Readonly<Record<string, OnnxInput>>,
    outputs?: readonly string[],
  ): Promise<Map<string, Tensor<TensorData>>>;
  close(): Promise<void>;
}

/** A tensor, and its ONNX type where the array does not tell (`float16` is stored as Uint16Array). */
export interface OnnxInput extends Tensor<TensorData> {
  readonly type?: "float16" | "bool";
}

export interface OnnxSessionOptions {
  /** Shown in errors: the model's path. */
  path: string;
  /** Folder of the files that hold weights outside the model. */
  folder?: string | undefined;
  /** Default: all cores. */
  threads?: number | undefined;
}

/**
 * Prepares a model for running.
 *
 * @throws {FileError} If the runtime does not take it.
 */
export async function openSession(model: Uint8Array, options: OnnxSessionOptions): Promise<OnnxSession> {
  // Loaded when first needed: its native library costs more than the rest of saelab together.
  const ort = await import("onnxruntime-node");
  const { path, folder, threads = availableParallelism() } = options;
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Spinning threads would take the cores from JavaScript and from other sessions.
        "intra_op.allow_spinning": "0",
        ...(folder && { model_external_initializers_file_folder_path: folder }),
      },
    },
  }).catch((cause: unknown) => {
    throw new FileError(`Cannot load the graph of "${path}": ${(cause as Error).message}`, path, { cause });
  });
  return {
    inputs: session.inputNames,
    outputTypes: new Map(
      session.outputMetadata.map((value) => [value.name, value.isTensor ? value.type : ""]),
    ),
    async run(feeds, outputs = session.outputNames) {
      const entries = session.inputNames.map((name) => {
        const { data, shape, type } = feeds[name];
        return [name, new ort.Tensor(type ?? typeOf(data), data as never, shape)] as const;
      });
      const results = await runSession(session, { feeds: Object.fromEntries(entries), outputs, path });
      return new Map(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
    },
    close: () => session.release(),
  };
}

interface SessionRun {
  feeds: Record<string, OrtTensor>;
  outputs: readonly string[];
  path: string;
}

async function runSession(session: InferenceSession, { feeds, outputs, path }: SessionRun) {
  try {
    return await session.run(feeds, outputs);
  } catch (cause) {
    throw new FileError(`Cannot run the graph of "${path}": ${(cause as Error).message}`, path, { cause });
  }
}

function fromOrt(value: OrtTensor): Tensor<TensorData> {
  if (value.type === "float16") {
    const { buffer, byteOffset, length } = value.data as Uint16Array;
    return tensor(halfToFloat(new Uint16Array(buffer, byteOffset, length)), value.dims);
  }
  return tensor(value.data as TensorData, value.dims);
}

function typeOf(data: TensorData): "float32" | "int64" | "int32" {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  throw new TypeError(`Cannot feed ${data.constructor.name} to a graph: float32, int64 or int32 is wanted`);
}
