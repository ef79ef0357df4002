import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { FileError } from "../errors.js";
import { openFile } from "../formats/file-source.js";
import { lacksColumn, textOfCell } from "./text-cell.js";

/**
 * Documents of an Arrow IPC file or stream (what Hugging Face's `datasets` keeps): the strings of the column
 * `textKey`, in the order of rows; nulls are passed over. One record batch at a time is held in memory. Compressed
 * buffers are not read.
 *
 * @throws {FileError} If the file is damaged or lacks such a column of strings.
 */
export async function* readArrow(path: string, textKey: string): AsyncGenerator<string> {
  const { size, reader: opening, close } = await openInput(path);
  let row = 0;
  try {
    const reader = await reading(path, opening);
    await reading(path, () => reader.open());
    for (;;) {
      const { value: batch, done } = await reading(path, () => reader.next());
      if (done) return;
      const columns = batch.schema.fields.map(({ name }) => name);
      const column = batch.getChild(textKey);
      if (!column) throw lacksColumn(path, textKey, columns);
      // Each row takes a byte at least: more are claimed by a damaged file, and would be counted through.
      if (batch.numRows > size) throw damaged(path, `it claims ${batch.numRows} rows in ${size} bytes`);
      const cells = await reading(path, () => Array.from(column));
      for (const cell of cells) {
        const text = textOfCell(cell, { path, textKey, row: row++ });
        if (text !== undefined) yield text;
      }
    }
  } finally {
    await close();
  }
}

/** A file is found by its table of contents: not every writer repeats the schema in front, as a stream has it. */
async function openInput(path: string) {
  const { RecordBatchReader } = await import("apache-arrow");
  const { size, isFile } = await inspect(path);
  if (isFile) {
    const input = await open(path, "r");
    const reader = async () => RecordBatchReader.from(input);
    return { size, reader, close: () => input.close() };
  }
  const input = createReadStream(path);
  const reader = async () => RecordBatchReader.from(input);
  return { size, reader, close: async () => void input.destroy() };
}

/** A file has a mark in front; a stream has none. */
async function inspect(path: string): Promise<{ size: number; isFile: boolean }> {
  const source = await openFile(path);
  try {
    const mark = source.size < 8 ? new Uint8Array(0) : await source.read(0, 8);
    return { size: source.size, isFile: new TextDecoder().decode(mark) === "ARROW1\0\0" };
  } finally {
    await source.close();
  }
}

async function reading<T>(path: string, read: () => T): Promise<Awaited<T>> {
  try {
    return await read();
  } catch (cause) {
    throw damaged(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function damaged(path: string, found: string, cause?: unknown): FileError {
  return new FileError(
    `Cannot read "${path}" as Arrow: ${found}; write it again, without compression`,
    path,
    { cause },
  );
}
