import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { ColumnSource } from "hyparquet-writer";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { writing } from "./array-file.js";
import type { LatentCache } from "./latent-cache.js";

/** Rows in memory, and in one row group of the file. */
const rowsPerGroup = 1 << 20;

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
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const temporary = `${path}.${process.pid}.tmp`;
  const signal = callSignal(options);
  const meter = progressMeter("write Parquet", "activations", cache.manifest.rows, options.onProgress);
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  try {
    const writer = writing(path, () => {
      const schema = schemaFromColumnData({ columnData: columns(new Rows(0)) });
      return new ParquetWriter({ writer: fileWriter(temporary), schema });
    });
    let done = 0;
    for (const rows of groups(cache)) {
      signal?.throwIfAborted();
      writing(path, () => writer.write({ columnData: columns(rows), rowGroupSize: rowsPerGroup }));
      done += rows.count;
      meter.report(done);
      await new Promise(setImmediate);
    }
    writing(path, () => writer.finish());
    writing(path, () => renameSync(temporary, path));
    meter.end(done);
  } finally {
    rmSync(temporary, { force: true });
  }
}

class Rows {
  count = 0;
  readonly latents: Int32Array;
  readonly contexts: Int32Array;
  readonly positions: Int32Array;
  readonly activations: Float32Array;

  constructor(size: number) {
    this.latents = new Int32Array(size);
    this.contexts = new Int32Array(size);
    this.positions = new Int32Array(size);
    this.activations = new Float32Array(size);
  }
}

/** The rows of a cache, so many at a time. */
function* groups(cache: LatentCache): Generator<Rows> {
  let rows = new Rows(Math.min(rowsPerGroup, cache.manifest.rows));
  for (let latent = 0; latent < cache.dSae; latent++) {
    const { positions, activations } = cache.read(latent);
    for (let i = 0; i < positions.length; i++) {
      if (rows.count === rows.latents.length) {
        yield rows;
        rows = new Rows(rowsPerGroup);
      }
      const position = positions[i] as number;
      rows.latents[rows.count] = latent;
      rows.contexts[rows.count] = Math.floor(position / cache.contextLength);
      rows.positions[rows.count] = position % cache.contextLength;
      rows.activations[rows.count++] = activations[i] as number;
    }
  }
  if (rows.count > 0) yield rows;
}

function columns({ count, latents, contexts, positions, activations }: Rows): ColumnSource[] {
  return [
    { name: "latent", data: latents.subarray(0, count), type: "INT32", nullable: false },
    { name: "context", data: contexts.subarray(0, count), type: "INT32", nullable: false },
    { name: "position", data: positions.subarray(0, count), type: "INT32", nullable: false },
    { name: "activation", data: activations.subarray(0, count), type: "FLOAT", nullable: false },
  ];
}
