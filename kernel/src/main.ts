/**
 * Entry of the kernel: `node main.js [--engine saelab | tslab] [--type-check warn | error | off] <connection file>`.
 * Runs cells on this thread.
 */
import { readFileSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { wrapTimers } from "./cell-context.js";
import { installCellGlobals } from "./cell-globals.js";
import { mapStacks } from "./cell-stacks.js";
import { followChildProcesses } from "./child-processes.js";
import { CommRegistry } from "./comms.js";
import { Displays } from "./display.js";
import type { Executor } from "./executor.js";
import type { IoWorkerData } from "./io-worker.js";
import { kernelControls } from "./kernel-controls.js";
import { initialSettings } from "./kernel-settings.js";
import type { ConnectionInfo } from "./messages.js";
import { captureOutput } from "./output.js";
import { ownSigint } from "./own-sigint.js";
import { prepareCell } from "./prepare-cell.js";
import { announceExit, exitNow } from "./process-exit.js";
import { Publisher } from "./publisher.js";
import { ScriptExecutor } from "./script-executor.js";
import { Session } from "./session.js";
import { makeCounters } from "./shared-counters.js";
import type { ToIo, ToMain } from "./thread-messages.js";
import { Widgets } from "./widgets.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { engine: { type: "string", default: "saelab" }, "type-check": { type: "string" } },
});
const connectionFile = positionals[0] ?? "";
await start(readConnection(connectionFile), values.engine);

async function start(connection: ConnectionInfo, engine: string): Promise<void> {
  const counters = makeCounters();
  // tslab's engine checks types itself.
  const flags = engine === "tslab" ? { "type-check": "off" } : values;
  const settings = initialSettings(flags, process.env);
  const heapLimit = getHeapStatistics().heap_size_limit;
  const cwd = process.cwd();
  const workerData: IoWorkerData = { connection, connectionFile, counters, cwd, settings, heapLimit };
  const worker = new Worker(new URL("./io-worker.js", import.meta.url), { workerData });
  const toIo = (message: ToIo) => worker.postMessage(message);
  const publisher = new Publisher(toIo);
  const displays = new Displays(publisher);
  const comms = new CommRegistry(publisher);
  const executor = await makeExecutor(engine, publisher);
  mapStacks(executor.cells);
  const session = new Session({
    toIo,
    executor,
    publisher,
    displays,
    comms,
    counters,
  });
  const kernel = kernelControls((settings) => toIo({ type: "settings", settings }));
  installCellGlobals({ session, publisher, displays, comms, widgets: new Widgets(comms), kernel });
  captureOutput(toIo, counters);
  announceExit(toIo, counters);
  wrapTimers();
  followChildProcesses(toIo);
  worker.on("message", (message: ToMain) => session.receive(message));
  worker.on("error", (error) => {
    writeSync(2, `${error.stack}\n`);
    exitNow(1);
  });
  ownSigint();
  process.on("uncaughtException", (error) => session.reportUncaught(error));
  process.on("unhandledRejection", (error) => session.reportUncaught(error));
  if (engine === "saelab") setImmediate(() => prepareCell("0"));
}

async function makeExecutor(engine: string, publisher: Publisher): Promise<Executor> {
  if (engine === "saelab") return new ScriptExecutor();
  if (engine !== "tslab")
    throw new RangeError(`Cannot run cells with "${engine}": choose "saelab" or "tslab"`);
  const { TslabExecutor } = await import("./tslab-executor.js");
  return new TslabExecutor(publisher);
}

function readConnection(file: string): ConnectionInfo {
  if (!file)
    throw new TypeError("Cannot start the kernel: give the path of a connection file, as Jupyter does");
  return JSON.parse(readFileSync(file, "utf8")) as ConnectionInfo;
}
