/**
 * Child processes of cells: what they print to an inherited stdout or stderr lands in the cell that started them, and
 * the IO worker is told their ids, so that an interrupt reaches those of the running cell.
 */
import { ChildProcess } from "node:child_process";
import { currentContext, runInContext } from "./cell-context.js";
import type { ToIo } from "./thread-messages.js";

type Stdio = unknown;
type StreamName = "stdout" | "stderr";
interface SpawnOptions {
  readonly stdio?: Stdio | readonly Stdio[];
}
interface AsyncSpawn {
  spawn(this: ChildProcess, options: SpawnOptions): number;
}
interface SyncBinding {
  spawn(options: { stdio: { type: string; fd?: number }[]; maxBuffer?: number }): {
    output: (Buffer | null)[] | null;
  };
}

const streams: readonly (readonly [1 | 2, StreamName])[] = [
  [1, "stdout"],
  [2, "stderr"],
];

/** Takes over `spawn`, `exec`, `fork` and their synchronous forms, for everything in this process. */
export function followChildProcesses(toIo: (message: ToIo) => void): void {
  followAsync(toIo);
  followSync();
}

function followAsync(toIo: (message: ToIo) => void): void {
  const prototype = ChildProcess.prototype as unknown as AsyncSpawn;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const context = currentContext();
    const stdio = Array.isArray(options.stdio) ? [...options.stdio] : Array(3).fill(options.stdio ?? "pipe");
    const inherited = streams.filter(([fd]) => isInherited(stdio[fd], fd));
    for (const [fd] of inherited) stdio[fd] = "pipe";
    const status = spawn.call(this, inherited.length > 0 ? { ...options, stdio } : options);
    if (this.pid !== undefined) toIo({ type: "child", pid: this.pid, parent: context.parent });
    for (const [fd, name] of inherited) {
      this[name]?.on("data", (chunk: Buffer) => runInContext(context, () => process[name].write(chunk)));
      // As a child that inherits has it.
      Object.assign(this, { [name]: null });
      Object.assign(this.stdio, { [fd]: null });
    }
    return status;
  };
}

/** The three synchronous forms meet in one function of Node; what they print comes when they end. */
function followSync(): void {
  const { binding } = process as unknown as { binding(name: string): SyncBinding };
  const native = binding("spawn_sync");
  const { spawn } = native;
  native.spawn = (options) => {
    const inherited = streams.filter(
      ([fd]) => options.stdio[fd]?.type === "inherit" || options.stdio[fd]?.fd === fd,
    );
    if (inherited.length === 0) return spawn(options);
    const stdio = [...options.stdio];
    for (const [fd] of inherited) stdio[fd] = { type: "pipe", ...{ readable: false, writable: true } };
    const result = spawn({ ...options, stdio, maxBuffer: Number.POSITIVE_INFINITY });
    for (const [fd, name] of inherited) {
      const bytes = result.output?.[fd];
      if (bytes) process[name].write(bytes);
      if (result.output) result.output[fd] = null;
    }
    return result;
  };
}

function isInherited(stdio: Stdio, fd: 1 | 2): boolean {
  return stdio === "inherit" || stdio === fd || stdio === (fd === 1 ? process.stdout : process.stderr);
}
