import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Sends a signal to this process's children and theirs, save those to spare; on Windows there are no such signals. */
export function signalChildren(signal: "SIGINT" | "SIGTERM", spare = (_pid: number) => false): void {
  if (process.platform === "win32") return;
  for (const pid of childrenOf(process.pid).filter((pid) => !spare(pid))) signalTree(pid, signal);
}

function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const child of childrenOf(pid)) signalTree(child, signal);
  try {
    process.kill(pid, signal);
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
