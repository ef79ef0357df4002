/**
 * Entry of the signal worker: tells its parent of each SIGINT that strikes while no cell's script runs synchronously.
 *
 * Node gives signals to the main thread's event loop, where they wait behind a loop that spins. But a script that may
 * be stopped by SIGINT gets them at once, in any thread, the newest such script first; so one waits here for ever,
 * behind those of the cells.
 */
import vm from "node:vm";
import { parentPort } from "node:worker_threads";

const wait = new vm.Script("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)");

for (;;) {
  try {
    wait.runInThisContext({ breakOnSigint: true });
  } catch {
    parentPort?.postMessage("SIGINT");
  }
}
