import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { activationTable } from "./cache-tables.js";
import type { LatentCache } from "./latent-cache.js";
import { writeParquetTable } from "./parquet-table.js";

/**
 * Writes a cache as one Parquet table for other tools (DuckDB, pandas, Polars): a row per activation with the columns
 * `latent`, `context`, `position` (in its context) and `activation`, by latent, then place. Statistics of each row group
 * let a query of one latent pass over the rest.
 *
 * @throws {FileError} If the file cannot be written; what was there stays.
 */
export async function writeParquet(
  cache: LatentCache,
  path: string,
  options: LongCallOptions = {},
): Promise<void> {
  const { rows } = cache.manifest;
  const meter = progressMeter("write Parquet", "activations", rows, options.onProgress);
  await writeParquetTable(path, activationTable(cache), {
    signal: callSignal(options),
    onRows: (done) => meter.report(done),
  });
  meter.end(rows);
}
