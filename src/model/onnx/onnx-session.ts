/**
 * ONNX Runtime's sessions. Facts about version 1.30 that shape the callers: outputs are copied into JavaScript, so only
 * small ones are fetched; the whole graph is computed whatever is fetched, so it is cut before.
 */
import { availableParallelism } from "node:os";
import { FileError } from "../../errors.js";
import { halfToFloat } from "../../formats/half.js";
import { type Tensor, type TensorData, tensor } from "../../tensor.js";
import type { Provider } from "./provider.js";
import { callSession, type OpenedSession, type SessionCall, type Values } from "./session-thread.js";

export interface OnnxSession {
  /** Names of the inputs that the graph takes. */
  readonly inputs: readonly string[];
  /** ONNX types of the outputs, before widening. */
  readonly outputTypes: ReadonlyMap<string, string>;
  /**
   * Runs the graph once; float16 results are widened.
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
  /** One that works here: `pickProvider`. Default: `cpu`. */
  provider?: Provider | undefined;
}

/**
 * Prepares a model for running, on a thread of its own: nothing here blocks the event loop.
 *
 * @param model Handed over: its buffer is empty afterwards.
 * @throws {FileError} If the runtime does not take it.
 */
export async function openSession(model: Uint8Array, options: OnnxSessionOptions): Promise<OnnxSession> {
  const { path } = options;
  const key = sessionsOpened++;
  const bytes = ownBuffer(model);
  const call: SessionCall = { kind: "open", session: key, model: bytes, options: runtimeOptions(options) };
  const opened = (await callSession(call, [bytes.buffer]).catch((cause: unknown) => {
    throw new FileError(`Cannot load the graph of "${path}": ${(cause as Error).message}`, path, { cause });
  })) as OpenedSession;
  const session: OnnxSession = {
    inputs: opened.inputs,
    outputTypes: new Map(opened.outputs.map((name, i) => [name, opened.types[i]])),
    async run(feeds, outputs = opened.outputs) {
      const values = opened.inputs.map((name) => toValues(name, feeds[name]));
      const run: SessionCall = { kind: "run", session: key, feeds: values, outputs };
      const results = await callSession(
        run,
        values.map(({ data }) => data.buffer),
      ).catch((cause: unknown) => {
        throw new FileError(`Cannot run the graph of "${path}": ${(cause as Error).message}`, path, {
          cause,
        });
      });
      return new Map(
        (results as { values: Values[] }).values.map((value) => [value.name, fromValues(value)]),
      );
    },
    async close() {
      forgotten.unregister(session);
      await callSession({ kind: "close", session: key });
    },
  };
  forgotten.register(session, key, session);
  return session;
}

let sessionsOpened = 0;

/** A session that nobody can reach any more is closed: callers may drop one that is still running elsewhere. */
const forgotten = new FinalizationRegistry<number>((key) => {
  // Where the thread has ended there is nothing left to close.
  callSession({ kind: "close", session: key }).catch(() => {});
});

function runtimeOptions({ folder, threads = availableParallelism(), provider = "cpu" }: OnnxSessionOptions) {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    logSeverityLevel: 3 as const,
    extra: {
      session: {
        // Spinning threads would take the cores from JavaScript and from other sessions.
        "intra_op.allow_spinning": "0",
        ...(folder && { model_external_initializers_file_folder_path: folder }),
      },
    },
  };
}

/** Bytes that may be handed over: a view into something larger is copied. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** A copy: the caller keeps its own. */
function toValues(name: string, { data, shape, type }: OnnxInput): Values {
  return { name, type: type ?? typeOf(data), data: data.slice() as Values["data"], shape };
}

function fromValues({ type, data, shape }: Values): Tensor<TensorData> {
  if (type === "float16") return tensor(halfToFloat(data as Uint16Array), shape);
  return tensor(data as TensorData, shape);
}

function typeOf(data: TensorData): "float32" | "int64" | "int32" {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  throw new TypeError(`Cannot feed ${data.constructor.name} to a graph: float32, int64 or int32 is wanted`);
}
