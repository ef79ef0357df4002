import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Sends SIGINT to this process's children and theirs, as a terminal does, except to those of `spare`; on Windows there
 * is no such signal.
 */
export function signalChildren(spare: (pid: number) => boolean): void {
  if (process.platform === "win32") return;
  for (const pid of childrenOf(process.pid).filter((pid) => !spare(pid))) signalTree(pid);
}

function signalTree(pid: number): void {
  for (const child of childrenOf(pid)) signalTree(child);
  try {
    process.kill(pid, "SIGINT");
  } catch {
    // It has ended in the meantime.
  }
}

function childrenOf(parent: number): number[] {
  try {
    const tasks = `/proc/${parent}/task`;
    return readdirSync(tasks).flatMap((task) => numbers(readFileSync(`${tasks}/${task}/children`, "utf8")));
  } catch {
    return childrenByPs(parent);
  }
}

/** Where there is no `/proc`. */
function childrenByPs(parent: number): number[] {
  try {
    const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).split("\n");
    return rows.map(numbers).flatMap(([pid, of]) => (pid !== undefined && of === parent ? [pid] : []));
  } catch {
    return [];
  }
}

function numbers(text: string): number[] {
  return text.split(/\s+/).filter(Boolean).map(Number);
}
