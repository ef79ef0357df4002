import { awaitFarewell, type SharedCounters } from "./shared-counters.js";
import type { ToIo } from "./thread-messages.js";

/** Ends the process at once, whatever cells made of `process.exit`. */
export const exitNow: (code?: number) => never = process.exit.bind(process);

/** Lets a cell that calls `process.exit()` end the kernel with a message in the notebook. */
export function announceExit(toIo: (message: ToIo) => void, counters: SharedCounters): void {
  process.exit = (code) => {
    toIo({ type: "exiting", reason: `process.exit(${code ?? ""}) was called` });
    awaitFarewell(counters);
    return exitNow(Number(code ?? process.exitCode ?? 0));
  };
}
