import type { EventEmitter } from "node:events";

/**
 * Keeps `process.on("SIGINT")` of cells and libraries away from the operating system.
 *
 * While nobody listens, SIGINT is taken by the scripts that it may stop (see `signal-worker.ts`). A listener would make
 * Node take that over, and lose it again as soon as the listener goes: then SIGINT ends the process.
 */
export function ownSigint(): void {
  const events: EventEmitter = process;
  const hook = events.listeners("newListener").find(({ name }) => name === "startListeningIfSignal");
  if (!hook) return;
  events.removeListener("newListener", hook as (type: string) => void);
  events.on("newListener", (type: string) => {
    if (type !== "SIGINT") hook(type);
  });
}
