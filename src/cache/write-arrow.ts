import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { ArrayFileWriter } from "./array-file.js";
import { activationTable, rowsOf } from "./cache-tables.js";
import type { LatentCache } from "./latent-cache.js";
import { writing } from "./new-file.js";

/**
 * Writes a cache as an Arrow IPC file (Feather 2) for other tools: the columns of `writeParquet`, in record batches of a
 * million rows, one of which is in memory at a time. Larger than Parquet, and mapped into memory without being decoded.
 *
 * @throws {FileError} If the file cannot be written; what was there stays.
 */
export async function writeArrow(
  cache: LatentCache,
  path: string,
  options: LongCallOptions = {},
): Promise<void> {
  const { AsyncByteQueue, makeTable, RecordBatchFileWriter } = await import("apache-arrow");
  const { rows } = cache.manifest;
  const signal = callSignal(options);
  const meter = progressMeter("write Arrow", "activations", rows, options.onProgress);
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  const file = new ArrayFileWriter(path);
  // Written part by part: the library's own queue would keep them all.
  const parts: Uint8Array[] = [];
  class Sink extends AsyncByteQueue {
    override write(bytes: Uint8Array): void {
      parts.push(bytes);
    }
  }
  const sink = new Sink();
  try {
    const writer = new RecordBatchFileWriter();
    let done = 0;
    for (const part of activationTable(cache)) {
      signal?.throwIfAborted();
      const table = makeTable(part);
      if (done === 0) writer.reset(sink, table.schema);
      for (const batch of table.batches) writer.write(batch);
      for (const bytes of parts.splice(0)) await file.write(bytes);
      done += rowsOf(part);
      meter.report(done);
    }
    writer.close();
    for (const bytes of parts.splice(0)) await file.write(bytes);
    await file.close();
  } catch (error) {
    file.abandon();
    rmSync(`${path}.tmp`, { force: true });
    throw error;
  }
  meter.end(rows);
}
