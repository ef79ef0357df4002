import { Worker } from "node:worker_threads";

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A thread that answers calls. Its file gets each with an `id` and posts `{ id, value }` or `{ id, error }`. It keeps the
 * process alive only while somebody waits. The file is JavaScript, so that it starts where the library is run from its sources.
 */
export class CalledThread<Call extends object> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** @param options `data`: the thread's `workerData`; `onEnd`: the thread is gone, by its own or by `close`. */
  constructor(file: URL, { data, onEnd }: { data?: unknown; onEnd: () => void }) {
    this.#worker = new Worker(file, { execArgv: [], workerData: data });
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

  /** Calls that are not answered yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * @param transfer Buffers that are handed over, not copied.
   * @throws {Error} With the thread's words, if it refuses, or if it ends.
   */
  call(call: Call, transfer: ArrayBuffer[] = []): Promise<unknown> {
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#worker.postMessage({ ...call, id }, transfer);
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
