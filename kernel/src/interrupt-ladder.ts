/**
 * Stops what the main thread does, from the IO worker, with ever blunter tools.
 *
 * 1. Ask: a main thread that waits for something takes the message and ends what the cell awaits.
 * 2. SIGINT: ends a synchronous cell (not on Windows).
 * 3. Terminate through the inspector: stops a loop behind an `await` or in a callback; then the main thread is free
 *    and takes the message of step 1. If it waits for a child process, that is interrupted after it has been told to
 *    stop, so that it cannot take the child's end for a result.
 *
 * What steps 2 and 3 end runs no `catch` and no `finally`; code that must clean up watches the signal of step 1.
 */
import { Session } from "node:inspector";
import { announceSignal, isWatching, type SharedCounters } from "./shared-counters.js";

/** Milliseconds that each step is given; who watches the signal stops cleanly, between two batches. */
const patience = { ask: 60, askWatcher: 700, signal: 150, terminate: 1500 };

/** What the ladder needs to know and do. */
export interface InterruptTarget {
  /** Sends the request of step 1. */
  ask(): void;
  /** Resolves to true as soon as the main thread has taken notice, or to false after so many milliseconds. */
  noticed(milliseconds: number): Promise<boolean>;
  /** Interrupts the cell's child processes. */
  stopChildren(): void;
  readonly counters: SharedCounters;
}

/** Climbs until the main thread takes notice; false when nothing helped. */
export async function climbInterruptLadder(target: InterruptTarget): Promise<boolean> {
  target.ask();
  if (await target.noticed(isWatching(target.counters) ? patience.askWatcher : patience.ask)) {
    target.stopChildren();
    return true;
  }
  if (process.platform !== "win32") {
    announceSignal(target.counters);
    process.kill(process.pid, "SIGINT");
    if (await target.noticed(patience.signal)) return true;
  }
  terminateMainThread();
  target.stopChildren();
  return target.noticed(patience.terminate);
}

function terminateMainThread(): void {
  const session = new Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}
