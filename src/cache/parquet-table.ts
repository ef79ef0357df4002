import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { ColumnSource, ParquetWriter } from "hyparquet-writer";
import { rowsOf, type TablePart } from "./cache-tables.js";
import { writing } from "./new-file.js";

export interface TableOptions {
  signal?: AbortSignal | undefined;
  /** Called with the number of rows written so far. */
  onRows?: ((rows: number) => void) | undefined;
}

/**
 * Writes a table as a Parquet file, a part at a time, each as a row group.
 *
 * @throws {FileError} If the file cannot be written; what was there stays.
 */
export async function writeParquetTable(
  path: string,
  parts: Iterable<TablePart>,
  { signal, onRows }: TableOptions = {},
): Promise<void> {
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const temporary = `${path}.${process.pid}.tmp`;
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  let writer: ParquetWriter | undefined;
  let done = 0;
  try {
    for (const part of parts) {
      signal?.throwIfAborted();
      const columnData = columnsOf(part);
      const rows = rowsOf(part);
      writing(path, () => {
        writer ??= new ParquetWriter({
          writer: fileWriter(temporary),
          schema: schemaFromColumnData({ columnData }),
        });
        if (rows > 0) writer.write({ columnData, rowGroupSize: rows });
      });
      done += rows;
      onRows?.(done);
      await new Promise(setImmediate);
    }
    writing(path, () => {
      writer?.finish();
      renameSync(temporary, path);
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function columnsOf(part: TablePart): ColumnSource[] {
  return Object.entries(part).map(([name, column]) => {
    if (column instanceof Int32Array) return { name, data: column, type: "INT32", nullable: false };
    if (column instanceof Float32Array) return { name, data: column, type: "FLOAT", nullable: false };
    if (column instanceof Float64Array) return { name, data: column, type: "DOUBLE", nullable: false };
    return { name, data: [...column], type: "STRING", nullable: false };
  });
}
