import { plainReport } from "./cell-error.js";
import type { CellRuns } from "./cell-runs.js";
import type { Debugger } from "./debugger.js";
import { climbInterruptLadder } from "./interrupt-ladder.js";
import type { SharedCounters } from "./shared-counters.js";
import { interruptChildren } from "./signal-children.js";
import type { ToMain } from "./thread-messages.js";

/** What interrupting takes. */
export interface InterrupterOptions {
  readonly cells: CellRuns;
  readonly debugger: Debugger;
  readonly toMain: (message: ToMain) => void;
  readonly counters: SharedCounters;
}

/** Stops the running cell and its child processes. */
export class Interrupter {
  readonly #options: InterrupterOptions;
  readonly #waiters = new Set<() => void>();
  /** Messages that child processes belong to, by process id. */
  readonly #children = new Map<number, string | undefined>();

  constructor(options: InterrupterOptions) {
    this.#options = options;
  }

  /** Takes notice of a child process. */
  addChild(pid: number, cell: string | undefined): void {
    this.#children.set(pid, cell);
  }

  /** The main thread has noticed the interrupt, or the cell has ended. */
  notice(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }

  /** Resolves when the running cell has been told to stop, or was given up; at once when none runs. */
  async interrupt(): Promise<void> {
    const { cells, toMain, counters } = this.#options;
    const request = cells.running;
    if (!request) return;
    if (cells.isChecking) {
      cells.fail(plainReport("InterruptError", "The cell was interrupted before it ran"));
      return;
    }
    const id = request.header.msg_id;
    await this.#options.debugger.resume();
    const stopped = await climbInterruptLadder({
      ask: () => toMain({ type: "interrupt", id }),
      stopChildren: () => interruptChildren((pid) => (this.#children.get(pid) ?? id) !== id),
      noticed: (milliseconds) => this.#noticed(milliseconds),
      counters,
    });
    if (stopped || cells.running !== request) return;
    toMain({ type: "abandon", id });
    const advice = "The cell does not stop; restart the kernel if it goes on";
    cells.fail(plainReport("InterruptError", advice));
  }

  #noticed(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        resolve(false);
      }, milliseconds);
      this.#waiters.add(waiter);
    });
  }
}
