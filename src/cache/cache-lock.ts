import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { writing } from "./new-file.js";

/**
 * Keeps a second call from filling the same directory. The lock of a process that is gone does not count.
 *
 * @returns Gives the directory free.
 * @throws {FileError} If a running process, this one included, is filling it.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, "lock");
  const owner = readOwner(path);
  if (owner !== undefined) {
    if (held.has(path) || (owner !== process.pid && isRunning(owner))) throw busy(directory, path, owner);
    rmSync(path, { force: true });
  }
  if (!create(path)) throw busy(directory, path, readOwner(path));
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

/** Locks of this process: a process id alone cannot tell this call's lock from a dead namesake's. */
const held = new Set<string>();

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
  return new FileError(
    `Cannot cache into "${directory}": process ${owner ?? "unknown"} is filling it; wait for it, choose another directory, or delete "${path}" if that process is something else`,
    path,
  );
}
