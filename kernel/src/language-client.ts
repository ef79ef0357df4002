import { Worker } from "node:worker_threads";
import type { CellDiagnostic } from "./cell-diagnostics.js";
import type { LanguageAnswer, LanguageRequest } from "./language-worker.js";
import type { Json } from "./messages.js";

/** Milliseconds in which what the front end asks first is answered, before the worker takes a core to load. */
const warmUpDelay = 100;

/**
 * Megabytes that the worker's heap may have. Types of a notebook need some hundred; V8 lets garbage grow in proportion
 * to what is allowed, and every check leaves a program behind.
 */
const defaultHeapMegabytes = 1024;

/** Talks to the language worker, which starts with the first call, and anew after it died. */
export class LanguageClient {
  readonly #cwd: string;
  readonly #heapMegabytes: number;
  #worker: Worker | undefined;
  #warmUpTimer: NodeJS.Timeout | undefined;
  #next = 0;
  readonly #pending = new Map<number, (content: Json) => void>();
  readonly #executed: string[] = [];
  #isWarm = false;

  /** @param cwd The notebook's folder. */
  constructor(cwd: string, { heapMegabytes = defaultHeapMegabytes } = {}) {
    this.#cwd = cwd;
    this.#heapMegabytes = heapMegabytes;
  }

  /** Whether the worker has answered already, so that the next answer is a matter of milliseconds. */
  get isWarm(): boolean {
    return this.#isWarm;
  }

  /** Tells that a cell was run, so that later cells know its names. */
  executed(code: string): void {
    this.#executed.push(code);
    this.#worker?.postMessage({ type: "executed", code } satisfies LanguageRequest);
  }

  /** Checks the types of a cell against those executed so far. */
  async check(code: string): Promise<readonly CellDiagnostic[]> {
    const { diagnostics = [] } = await this.#request((id) => ({ type: "check", id, code }));
    return diagnostics as readonly CellDiagnostic[];
  }

  /** Starts the worker ahead of the first question. */
  warmUp(): void {
    if (this.#worker) return;
    clearTimeout(this.#warmUpTimer);
    this.#warmUpTimer = setTimeout(() => void this.ask("complete", { code: "", cursor_pos: 0 }), warmUpDelay);
  }

  /** Content of the reply to `complete_request`, `inspect_request` or `is_complete_request`. */
  ask(type: "complete" | "inspect" | "is_complete", content: Json): Promise<Json> {
    return this.#request((id) => ({ type, id, content }));
  }

  #request(make: (id: number) => LanguageRequest): Promise<Json> {
    const id = this.#next++;
    this.#started().postMessage(make(id));
    return new Promise((resolve) => this.#pending.set(id, resolve));
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./language-worker.js", import.meta.url), {
      workerData: { cwd: this.#cwd },
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMegabytes },
    });
    worker.on("message", ({ id, content }: LanguageAnswer) => {
      this.#isWarm = true;
      this.#pending.get(id)?.(content);
      this.#pending.delete(id);
    });
    worker.on("error", (error) => this.#fail(error));
    for (const code of this.#executed)
      worker.postMessage({ type: "executed", code } satisfies LanguageRequest);
    this.#worker = worker;
    return worker;
  }

  /** A dead worker answers nothing more; the next question starts a new one. */
  #fail(error: Error): void {
    this.#worker = undefined;
    this.#isWarm = false;
    const content = { status: "error", ename: error.name, evalue: error.message, traceback: [] };
    for (const resolve of this.#pending.values()) resolve(content);
    this.#pending.clear();
  }
}
