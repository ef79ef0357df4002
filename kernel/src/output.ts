import { currentContext } from "./cell-context.js";
import type { Header } from "./messages.js";
import { type SharedCounters, takeRoom } from "./shared-counters.js";
import type { ToIo } from "./thread-messages.js";

/** Sends everything that this process writes to stdout and stderr to the front end, as part of the cell that wrote it. */
export function captureOutput(toIo: (message: ToIo) => void, counters: SharedCounters): void {
  let last: Header | undefined;
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
      const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
      const { parent } = currentContext();
      toIo({ type: "stream", name, text, ...(parent && parent !== last && { parent }) });
      last = parent ?? last;
      takeRoom(counters, text.length);
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") process.nextTick(done);
      return true;
    };
    process[name].write = write as typeof process.stdout.write;
  }
}
