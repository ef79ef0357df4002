import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { writing } from "./new-file.js";
import { stopIfAborted } from "./stop.js";

/**
 * As `lockDirectory`, after a call of this process that was asked to stop: a cell that is interrupted and run again finds
 * the call before it at work still, on what it had begun.
 *
 * @param signal Of the call that locks.
 */
export async function lockAfterStopped(
  directory: string,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  const asked = new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
  for (;;) {
    stopIfAborted(signal, "a call before this one is ending");
    const holder = held.get(lockPath(directory));
    if (!holder?.signal?.aborted) return lockDirectory(directory, signal);
    await Promise.race([holder.ended, asked]);
  }
}

/**
 * Keeps a second call from filling the same directory. The lock of a process that is gone does not count.
 *
 * @param signal Asks the call that locks to stop.
 * @returns Gives the directory free.
 * @throws {FileError} If a running process, this one included, is filling it.
 */
export function lockDirectory(directory: string, signal?: AbortSignal): () => void {
  const path = lockPath(directory);
  const owner = readOwner(path);
  if (owner !== undefined) {
    if (held.has(path) || (owner !== process.pid && isRunning(owner))) throw busy(directory, path, owner);
    rmSync(path, { force: true });
  }
  if (!create(path)) throw busy(directory, path, readOwner(path));
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  held.set(path, { signal, ended });
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
    end();
  };
}

interface Holder {
  readonly signal: AbortSignal | undefined;
  /** When it gives the directory free. */
  readonly ended: Promise<void>;
}

/** Locks of this process: a process id alone cannot tell this call's lock from a dead namesake's. */
const held = new Map<string, Holder>();

function lockPath(directory: string): string {
  return join(directory, "lock");
}

/** Whether the lock is ours now; not where another process was faster. */
function create(path: string): boolean {
  return writing(path, () => {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return true;
    } catch (error) {
      if (Reflect.get(error as object, "code") === "EEXIST") return false;
      throw error;
    }
  });
}

function readOwner(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return Reflect.get(error as object, "code") === "EPERM";
  }
}

function busy(directory: string, path: string, owner: number | undefined): FileError {
  const advice = held.has(path)
    ? "another call of this process is filling it; wait for it, or choose another directory"
    : `process ${owner ?? "unknown"} is filling it; wait for it, choose another directory, or delete "${path}" if that process is something else`;
  return new FileError(`Cannot cache into "${directory}": ${advice}`, path);
}
