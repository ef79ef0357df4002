/** Entry of the IO worker: owns the Jupyter sockets. */
import { dirname, join } from "node:path";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { CrashNote } from "./crash-note.js";
import { watchHeap } from "./heap-watch.js";
import { KernelServer } from "./kernel-server.js";
import type { KernelSettings } from "./kernel-settings.js";
import { LanguageClient } from "./language-client.js";
import type { ConnectionInfo } from "./messages.js";
import type { SharedCounters } from "./shared-counters.js";
import { KernelSockets } from "./sockets.js";
import type { ToIo, ToMain } from "./thread-messages.js";
import { WireCodec } from "./wire.js";

/** What the main thread hands over at the start. */
export interface IoWorkerData {
  readonly connection: ConnectionInfo;
  readonly connectionFile: string;
  readonly counters: SharedCounters;
  readonly cwd: string;
  readonly settings: KernelSettings;
  /** Bytes that the heap of the main thread may have. */
  readonly heapLimit: number;
}

if (!parentPort) throw new TypeError("Cannot start the IO worker on the main thread: start main.js instead");
await start(parentPort, workerData as IoWorkerData);

async function start(
  port: NonNullable<typeof parentPort>,
  { connection, connectionFile, counters, cwd, settings, heapLimit }: IoWorkerData,
): Promise<void> {
  const codec = new WireCodec(connection.key, connection.signature_scheme);
  const sockets: KernelSockets = new KernelSockets(codec, (channel, message) =>
    server.receive(channel, message),
  );
  const toMain = (message: ToMain) => port.postMessage(message);
  const crashNote = new CrashNote(connectionFile);
  const server: KernelServer = new KernelServer({
    sockets,
    toMain,
    language: new LanguageClient(cwd),
    settings,
    crashNote,
    historyFolder: join(dirname(connectionFile), "saelab-history"),
    counters,
    exit: () => void exit(sockets, toMain),
  });
  port.on("message", (message: ToIo) => server.receiveFromMain(message));
  await sockets.open(connection);
  server.starting();
  exitWithParent();
  if (process.platform !== "win32") {
    const signals = new Worker(new URL("./signal-worker.js", import.meta.url));
    signals.on("message", () => server.receiveSignal());
  }
  watchHeap({
    limit: heapLimit,
    onShare: (share) => crashNote.heap(share),
    onShortage: (bytes) => server.stopForMemory(bytes),
  });
}

/** Ends a kernel whose Jupyter server has gone without a word. */
function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, 2000).unref();
}

/** Lets the main thread exit by itself, with its exit handlers; a main thread that hangs is ended. */
async function exit(sockets: KernelSockets, toMain: (message: ToMain) => void): Promise<void> {
  await sockets.close();
  toMain({ type: "shutdown" });
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 1000);
}
