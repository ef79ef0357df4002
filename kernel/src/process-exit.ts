import { awaitFarewell, type SharedCounters } from "./shared-counters.js";
import type { ToIo } from "./thread-messages.js";

/** Ends the process at once, whatever cells made of `process.exit`. */
export const exitNow: (code?: number) => never = process.exit.bind(process);

/** Lets a cell that calls `process.exit()` or `process.abort()` end the kernel with a message in the notebook. */
export function announceExit(toIo: (message: ToIo) => void, counters: SharedCounters): void {
  const announce = (call: string) => {
    toIo({ type: "exiting", reason: `${call} was called` });
    awaitFarewell(counters);
  };
  const abort: () => never = process.abort.bind(process);
  process.exit = (code) => {
    announce(`process.exit(${code ?? ""})`);
    return exitNow(Number(code ?? process.exitCode ?? 0));
  };
  process.abort = () => {
    announce("process.abort()");
    return abort();
  };
}
