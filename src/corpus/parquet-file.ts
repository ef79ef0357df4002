import * as zlib from "node:zlib";
import type { AsyncBuffer, Compressors } from "hyparquet";
import { FileError } from "../errors.js";
import { openFile } from "../formats/file-source.js";
import { lacksColumn, textOfCell } from "./text-cell.js";

/**
 * Documents of a Parquet file: the strings of the column `textKey`, in the order of rows; nulls are passed over. That
 * column of one row group at a time is held in memory. Snappy, gzip and brotli are read, zstd where Node has it
 * (from 22.15).
 *
 * @throws {FileError} If the file is damaged or lacks such a column of strings.
 */
export async function* readParquet(path: string, textKey: string): AsyncGenerator<string> {
  // Most corpora are of another kind: only those who need it wait for the library.
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { file, close } = await openBuffer(path);
  try {
    const metadata = await reading(path, () => parquetMetadataAsync(file));
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (!columns.includes(textKey)) throw lacksColumn(path, textKey, columns);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      checkRows(path, { rows: rowEnd - rowStart, size: file.byteLength });
      const options = { file, metadata, columns: [textKey], compressors, rowStart, rowEnd };
      const rows = await reading(path, () => parquetReadObjects(options));
      for (const [i, row] of rows.entries()) {
        const text = textOfCell(row[textKey], { path, textKey, row: rowStart + i });
        if (text !== undefined) yield text;
      }
      rowStart = rowEnd;
    }
  } finally {
    await close();
  }
}

async function openBuffer(path: string): Promise<{ file: AsyncBuffer; close: () => Promise<void> }> {
  const source = await openFile(path);
  const file: AsyncBuffer = {
    byteLength: source.size,
    slice(start, end = source.size) {
      const bytes = source.read(start, end).then((read) => new Uint8Array(read).buffer);
      // Pages are fetched ahead: one may fail before it is waited for.
      bytes.catch(() => undefined);
      return bytes;
    },
  };
  return { file, close: () => source.close() };
}

/** A page says how long it will be; one that is longer is damaged, or a bomb. */
const compressors: Compressors = {
  GZIP: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength }),
  BROTLI: (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { maxOutputLength }),
  ...zstdCompressor(),
};

function zstdCompressor(): Compressors {
  const decompress: unknown = Reflect.get(zlib, "zstdDecompressSync");
  if (typeof decompress !== "function") return {};
  return { ZSTD: (bytes, maxOutputLength) => decompress(bytes, { maxOutputLength }) };
}

/** Equal rows take hardly any room, but not none: a damaged file should not have us count to 2^40. */
function checkRows(path: string, { rows, size }: { rows: number; size: number }): void {
  if (rows <= 1000 * size) return;
  throw new FileError(
    `Cannot read "${path}" as Parquet: it claims ${rows} rows in ${size} bytes; fetch it again`,
    path,
  );
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(
      `Cannot read "${path}" as Parquet: ${found}; fetch it again or write it with snappy`,
      path,
      { cause },
    );
  }
}
