import { Worker } from "node:worker_threads";
import type { InferenceSession } from "onnxruntime-node";

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

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One for all sessions: they take turns, so that they do not compete for cores. */
let thread: SessionThread | undefined;

/**
 * Has the thread of ONNX Runtime do something; starts it when there is none.
 *
 * @param transfer Buffers that are handed over, not copied.
 * @throws {Error} With the runtime's words, if it refuses, or if the thread ends.
 */
export async function callSession(call: SessionCall, transfer: ArrayBuffer[] = []): Promise<unknown> {
  thread ??= new SessionThread(() => {
    thread = undefined;
  });
  return await thread.call(call, transfer);
}

class SessionThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  constructor(onEnd: () => void) {
    this.#worker = new Worker(new URL("./session-worker.js", import.meta.url), { execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    let reason = "the thread that it runs on has ended";
    this.#worker.on("error", (error) => {
      reason += `: ${error.message}`;
    });
    this.#worker.on("exit", () => {
      onEnd();
      for (const id of [...this.#waiting.keys()]) this.#settle({ id, error: reason });
    });
  }

  call(call: SessionCall, transfer: ArrayBuffer[]): Promise<unknown> {
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#worker.postMessage({ ...call, id }, transfer);
      // Keeps the process alive as long as somebody waits.
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #settle({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
