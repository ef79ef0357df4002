import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What children get that do not heed SIGINT, and how many milliseconds after it. */
const escalation = [
  ["SIGTERM", 300],
  ["SIGKILL", 600],
] as const;

/** Tells this process's children and theirs to end. On Windows there are no such signals. */
export function endChildren(): void {
  send("SIGTERM", childrenOf(process.pid));
}

/** Interrupts this process's children and theirs, save those to spare; who goes on is told to end, then killed. */
export function interruptChildren(spare: (pid: number) => boolean): void {
  const pids = send(
    "SIGINT",
    childrenOf(process.pid).filter((pid) => !spare(pid)),
  );
  for (const [signal, delay] of escalation) setTimeout(() => send(signal, pids), delay).unref();
}

/** Signals processes and their descendants, these first; gives all their ids. */
function send(signal: NodeJS.Signals, roots: readonly number[]): number[] {
  const pids = [...new Set(roots.flatMap(treeOf))];
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended in the meantime.
    }
  }
  return pids;
}

function treeOf(pid: number): number[] {
  return [...childrenOf(pid).flatMap(treeOf), pid];
}

function childrenOf(parent: number): number[] {
  if (process.platform === "win32") return [];
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
