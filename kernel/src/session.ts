/** What the main thread does for the front end: runs cells one at a time, and takes comm messages in between. */

import { stopAwaits, untilStopped } from "./cell-awaits.js";
import { type CellContext, enterCell, runInContext, uncaughtContext } from "./cell-context.js";
import { CellInterruptError } from "./cell-error.js";
import type { CommRegistry } from "./comms.js";
import { DisplayHandle, type Displays } from "./display.js";
import type { CellOutcome, Executor } from "./executor.js";
import { liveMembers } from "./live-members.js";
import type { Json, MimeBundle } from "./messages.js";
import { mimeBundleOf } from "./mime-bundle.js";
import { exitNow } from "./process-exit.js";
import { type Publisher, toJson } from "./publisher.js";
import { forgetSignals, type SharedCounters, setWatching } from "./shared-counters.js";
import type { ToIo, ToMain } from "./thread-messages.js";
import { isValueStream } from "./value-stream.js";

type ExecuteMessage = Extract<ToMain, { type: "execute" }>;

/** Milliseconds that code which watches the signal gets to stop cleanly. */
const gracePeriod = 800;
/** Milliseconds after an interrupt at which the cell is over, though a `finally` of it may still wait. */
const patience = 900;

/** What the session stands on. */
export interface SessionOptions {
  readonly toIo: (message: ToIo) => void;
  readonly executor: Executor;
  readonly publisher: Publisher;
  readonly displays: Displays;
  readonly comms: CommRegistry;
  /** Shared with the IO worker. */
  readonly counters: SharedCounters;
}

interface RunningCell extends CellContext {
  readonly message: ExecuteMessage;
  readonly controller: AbortController;
  /** What the front end shows beside the cell when it has run. */
  readonly payload: Promise<Json>[];
  signalSeen: boolean;
  interrupted: boolean;
  finished: boolean;
}

/** One kernel session on the main thread. */
export class Session {
  readonly #options: SessionOptions;
  #running: RunningCell | undefined;
  #silent = 0;
  /** Cells by the names that they have in stack traces. */
  readonly #cells = new Map<string, CellContext>();
  #answerInput: ((value: string) => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Takes a message of the IO worker. */
  receive(message: ToMain): void {
    switch (message.type) {
      case "execute":
        return void this.#execute(message);
      case "comm":
        this.#receiveComm(message);
        return;
      case "interrupt":
        this.#interrupt(message.id);
        return;
      case "abandon":
        this.#abandon(message.id);
        return;
      case "input":
        this.#answerInput?.(message.value);
        return;
      case "members":
        this.#options.toIo({ type: "members", id: message.id, names: this.#membersOf(message.path) });
        return;
      case "shutdown":
        exitNow(0);
    }
  }

  /** Names of members of a variable; none of one that is not there. */
  #membersOf(path: readonly string[]): string[] {
    try {
      const outcome = this.#options.executor.run(path[0] ?? "", "silent-0.ts");
      return "value" in outcome ? liveMembers(outcome.value, path) : [];
    } catch {
      return [];
    }
  }

  /** The signal that interrupt aborts; who reads it is given time to stop cleanly. */
  signal(context: CellContext): AbortSignal {
    if (this.#running && this.#running.signal === context.signal) {
      this.#running.signalSeen = true;
      setWatching(this.#options.counters, true);
    }
    return context.signal;
  }

  /** Asks the user for a line of text. */
  readonly input = (
    prompt = "",
    { password = false }: { readonly password?: boolean } = {},
  ): Promise<string> => {
    const running = this.#running;
    if (!running?.message.allowStdin) {
      return Promise.reject(
        new TypeError("Cannot ask for input: this front end takes none; set a variable instead"),
      );
    }
    this.#options.toIo({ type: "inputRequest", id: running.message.id, prompt: String(prompt), password });
    return new Promise((resolve) => {
      this.#answerInput = resolve;
    });
  };

  /** Shows a value in the front end's pager, when the cell has run; without a pager, as output. */
  readonly page = async (value: unknown): Promise<void> => {
    const bundle = Promise.resolve(mimeBundleOf(value));
    this.#running?.payload.push(bundle.then((data: MimeBundle) => ({ source: "page", data, start: 0 })));
    await bundle;
  };

  /** Prints an error that nobody caught. */
  reportUncaught(error: unknown): void {
    if (error instanceof CellInterruptError) return;
    const text = `Uncaught ${this.#options.executor.describe(error).traceback.join("\n")}\n`;
    runInContext(this.#originOf(error) ?? uncaughtContext(), () => process.stderr.write(text));
  }

  /** The cell whose code threw an error, maybe long after it ended. */
  #originOf(error: unknown): CellContext | undefined {
    const stack = error instanceof Error ? String(error.stack) : "";
    return this.#cells.get(/\bcell-\d+\.ts/.exec(stack)?.[0] ?? "");
  }

  async #execute(message: ExecuteMessage): Promise<void> {
    const controller = new AbortController();
    const running: RunningCell = {
      message,
      controller,
      parent: message.parent,
      signal: controller.signal,
      metadata: message.metadata,
      payload: [],
      signalSeen: false,
      interrupted: false,
      finished: false,
    };
    this.#running = running;
    setWatching(this.#options.counters, false);
    enterCell(running);
    try {
      const name = message.silent ? `silent-${++this.#silent}.ts` : `cell-${message.count}.ts`;
      if (!message.silent) this.#cells.set(name, { parent: message.parent, signal: controller.signal });
      const outcome = await this.#options.executor.run(message.code, name);
      const content = await untilStopped(this.#conclude(running, outcome), { context: running });
      this.#finish(running, { status: "ok", ...content });
    } catch (error) {
      this.#fail(running, error);
    }
  }

  /** Shows what a cell gave, when its code has run. */
  async #conclude(running: RunningCell, { value, showsResult }: CellOutcome): Promise<Json> {
    // What is only assigned may go on in the background.
    const result = showsResult ? await value : undefined;
    await this.#options.displays.settled(running);
    if (showsResult) await this.#showResult(running, result);
    if (running.interrupted) throw new CellInterruptError();
    const user_expressions = await this.#evaluate(running.message.userExpressions);
    return { payload: await Promise.all(running.payload), user_expressions };
  }

  async #showResult(running: RunningCell, value: unknown): Promise<void> {
    if (value === undefined || value instanceof DisplayHandle || running.message.silent) return;
    if (isValueStream(value)) {
      this.#options.displays.display(value);
      return this.#options.displays.settled(running);
    }
    const data = toJson((await mimeBundleOf(value)) as Json);
    if (running.finished) return;
    const { count, parent } = running.message;
    this.#options.publisher.publish(
      "execute_result",
      { execution_count: count, data, metadata: {} },
      { parent },
    );
  }

  async #evaluate(expressions: Readonly<Record<string, string>>): Promise<Json> {
    const results: Record<string, unknown> = {};
    for (const [key, expression] of Object.entries(expressions)) {
      try {
        const outcome = await this.#options.executor.run(expression, `silent-${++this.#silent}.ts`);
        results[key] = { status: "ok", data: await mimeBundleOf(await outcome.value), metadata: {} };
      } catch (error) {
        results[key] = { status: "error", ...this.#options.executor.describe(error) };
      }
    }
    return results;
  }

  #fail(running: RunningCell, error: unknown): void {
    if (running.finished) return;
    if (error instanceof CellInterruptError) forgetSignals(this.#options.counters);
    const shown = running.interrupted ? new CellInterruptError() : error;
    const report = this.#options.executor.describe(shown);
    if (!running.message.silent)
      this.#options.publisher.publish("error", report, { parent: running.message.parent });
    this.#finish(running, { status: "error", ...report });
  }

  #finish(running: RunningCell, content: Json): void {
    if (running.finished) return;
    running.finished = true;
    this.#answerInput = undefined;
    if (this.#running === running) this.#running = undefined;
    this.#options.toIo({ type: "executed", id: running.message.id, content });
  }

  #interrupt(id: string): void {
    const running = this.#running;
    if (running?.message.id !== id) return;
    this.#options.toIo({ type: "interrupted" });
    running.interrupted = true;
    running.controller.abort(new CellInterruptError());
    if (running.signalSeen) setTimeout(() => this.#stop(running), gracePeriod);
    else this.#stop(running);
    setTimeout(() => this.#fail(running, new CellInterruptError()), patience);
  }

  /** Ends what a cell awaits, and with it the cell; one that awaits nothing is given up. */
  #stop(running: RunningCell): void {
    if (stopAwaits(running) === 0) this.#fail(running, new CellInterruptError());
  }

  #abandon(id: string): void {
    if (this.#running?.message.id !== id) return;
    this.#running.finished = true;
    this.#running = undefined;
  }

  #receiveComm({ id, parent, kind, content, metadata, buffers }: Extract<ToMain, { type: "comm" }>): void {
    try {
      this.#options.comms.receive(kind, content, { parent, metadata, buffers });
    } catch (error) {
      this.reportUncaught(error);
    } finally {
      this.#options.toIo({ type: "commHandled", id });
    }
  }
}
