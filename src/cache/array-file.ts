/**
 * Typed arrays as files: little-endian numbers and nothing else, so that numpy's `fromfile` reads them too.
 * The extension of a file's name is the type of its numbers. A file appears under its name only when it
 * is complete and on the disk.
 */
import { createHash } from "node:crypto";
import { readFileSync, readSync } from "node:fs";
import { FileError } from "../errors.js";
import { NewFile } from "./new-file.js";

/** Size and checksum of a finished file. */
export interface FileRecord {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Writes one file from front to back, and counts and hashes its bytes. */
export class ArrayFileWriter {
  readonly #file: NewFile;
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(path: string) {
    this.#file = new NewFile(path);
  }

  async write(numbers: ArrayBufferView): Promise<void> {
    this.#bytes += numbers.byteLength;
    await this.#file.write(numbers, (bytes) => this.#hash.update(bytes));
  }

  async close(): Promise<FileRecord> {
    await this.#file.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  /** Gives the file up, after an error. */
  abandon(): void {
    this.#file.abandon();
  }
}

/** Writes a whole file at once. */
export async function writeArrayFile(path: string, numbers: ArrayBufferView): Promise<FileRecord> {
  const writer = new ArrayFileWriter(path);
  try {
    await writer.write(numbers);
    return await writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** Writes a value as JSON. */
export async function writeJsonFile(path: string, value: unknown): Promise<FileRecord> {
  return await writeArrayFile(path, new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}

/** An object that `writeJsonFile` wrote. @throws {FileError} If the file does not hold a JSON object. */
export function readJson(path: string): object {
  const invalid = (cause?: unknown) =>
    new FileError(`Cannot read "${path}": it is not JSON; delete its folder and cache again`, path, {
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw invalid(cause);
  }
  if (typeof value !== "object" || value === null) throw invalid();
  return value;
}

/**
 * Fills `numbers` from an open file, beginning at byte `at`.
 *
 * @throws {FileError} If the file ends before.
 */
export function readInto<T extends ArrayBufferView>(file: number, path: string, at: number, numbers: T): T {
  const bytes = asBytes(numbers);
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, bytes.length - done, at + done);
    if (count === 0) {
      throw new FileError(
        `Cannot read "${path}": it ends at byte ${at + done}, and ${at + bytes.length} are wanted; delete its folder and cache again`,
        path,
      );
    }
    done += count;
  }
  return numbers;
}

function asBytes(numbers: ArrayBufferView): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
