import { Worker } from "node:worker_threads";
import type { LanguageAnswer, LanguageRequest } from "./language-worker.js";
import type { Json } from "./messages.js";

/** Milliseconds after the last cell at which the worker starts by itself. */
const warmUpDelay = 1500;

/** Talks to the language worker, which starts with the first call. */
export class LanguageClient {
  readonly #cwd: string;
  #worker: Worker | undefined;
  #warmUpTimer: NodeJS.Timeout | undefined;
  #next = 0;
  readonly #pending = new Map<number, (content: Json) => void>();
  #executed: { count: number; code: string }[] = [];

  /** @param cwd The notebook's folder. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** Tells that a cell was run, so that later cells know its names. */
  executed(count: number, code: string): void {
    this.#executed.push({ count, code });
    this.#worker?.postMessage({ type: "executed", count, code } satisfies LanguageRequest);
  }

  /** Starts the worker ahead of the first question, when the kernel has come to rest. */
  warmUp(): void {
    if (this.#worker) return;
    clearTimeout(this.#warmUpTimer);
    this.#warmUpTimer = setTimeout(() => void this.ask("complete", { code: "", cursor_pos: 0 }), warmUpDelay);
  }

  /** Content of the reply to `complete_request`, `inspect_request` or `is_complete_request`. */
  ask(type: "complete" | "inspect" | "is_complete", content: Json): Promise<Json> {
    const id = this.#next++;
    this.#started().postMessage({ type, id, content } satisfies LanguageRequest);
    return new Promise((resolve) => this.#pending.set(id, resolve));
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./language-worker.js", import.meta.url), {
      workerData: { cwd: this.#cwd },
    });
    worker.on("message", ({ id, content }: LanguageAnswer) => {
      this.#pending.get(id)?.(content);
      this.#pending.delete(id);
    });
    worker.on("error", (error) => this.#fail(error));
    for (const { count, code } of this.#executed) {
      worker.postMessage({ type: "executed", count, code } satisfies LanguageRequest);
    }
    this.#worker = worker;
    return worker;
  }

  /** A dead worker answers nothing more; the next question starts a new one. */
  #fail(error: Error): void {
    this.#worker = undefined;
    const content = { status: "error", ename: error.name, evalue: error.message, traceback: [] };
    for (const resolve of this.#pending.values()) resolve(content);
    this.#pending.clear();
  }
}
