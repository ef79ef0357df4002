import type { InferenceSession } from "onnxruntime-node";
import { CalledThread } from "../../called-thread.js";

/** What the thread is asked to do with the session of this number. */
export type SessionCall =
  | {
      readonly kind: "open";
      readonly session: number;
      readonly model: Uint8Array<ArrayBuffer>;
      readonly options: InferenceSession.SessionOptions;
    }
  | {
      readonly kind: "run";
      readonly session: number;
      readonly feeds: readonly Values[];
      readonly outputs: readonly string[];
    }
  | { readonly kind: "close"; readonly session: number };

/** An input or output on its way between threads. */
export interface Values {
  readonly name: string;
  /** ONNX type; of `float16` the numbers are Uint16Array. */
  readonly type: string;
  readonly data:
    | Float32Array<ArrayBuffer>
    | Int32Array<ArrayBuffer>
    | BigInt64Array<ArrayBuffer>
    | Uint16Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

export interface OpenedSession {
  readonly inputs: string[];
  readonly outputs: string[];
  /** ONNX types of the outputs. */
  readonly types: string[];
}

/** One for all sessions: they take turns, so that they do not compete for cores. */
let thread: CalledThread<SessionCall> | undefined;

/**
 * Has the thread of ONNX Runtime do something; starts it when there is none.
 *
 * @param transfer Buffers that are handed over, not copied.
 * @throws {Error} With the runtime's words, if it refuses, or if the thread ends.
 */
export async function callSession(call: SessionCall, transfer: ArrayBuffer[] = []): Promise<unknown> {
  thread ??= new CalledThread(new URL("./session-worker.js", import.meta.url), {
    onEnd: () => {
      thread = undefined;
    },
  });
  return await thread.call(call, transfer);
}
