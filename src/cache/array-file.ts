/**
 * Typed arrays as files: little-endian numbers and nothing else, so that numpy's `fromfile` reads them too.
 * The extension of a file's name is the type of its numbers. A file appears under its name only when it
 * is complete and on the disk.
 */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, readSync, renameSync, writeSync } from "node:fs";
import { FileError } from "../errors.js";

/** Size and checksum of a finished file. */
export interface FileRecord {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Writes one file from front to back: first under `<path>.tmp`, then, when closed, under its name. */
export class ArrayFileWriter {
  readonly #path: string;
  readonly #file: number;
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #open = true;

  constructor(path: string) {
    this.#path = path;
    this.#file = writing(path, () => openSync(`${path}.tmp`, "w"));
  }

  write(numbers: ArrayBufferView): void {
    const bytes = asBytes(numbers);
    writing(this.#path, () => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    });
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  close(): FileRecord {
    writing(this.#path, () => {
      fsyncSync(this.#file);
      this.abandon();
      renameSync(`${this.#path}.tmp`, this.#path);
    });
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  /** Gives the file up, after an error. */
  abandon(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

/** Writes a whole file at once. */
export function writeArrayFile(path: string, ...parts: readonly ArrayBufferView[]): FileRecord {
  const writer = new ArrayFileWriter(path);
  try {
    for (const part of parts) writer.write(part);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return writer.close();
}

/** Writes a value as JSON. */
export function writeJsonFile(path: string, value: unknown): FileRecord {
  return writeArrayFile(path, new TextEncoder().encode(`${JSON.stringify(value)}\n`));
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

const reasons = new Map([
  ["ENOSPC", "the disk is full; free some space"],
  ["EDQUOT", "the disk quota is used up; free some space"],
  ["EACCES", "permission is denied; choose another directory"],
  ["EPERM", "permission is denied; choose another directory"],
  ["EROFS", "the file system is read-only; choose another directory"],
  ["ENOTDIR", "a part of the path is a file; choose another directory"],
  ["EEXIST", "a part of the path is a file; choose another directory"],
]);

/** Runs file-system calls that write `path`, and says plainly what went wrong. */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const code = cause instanceof Error ? String(Reflect.get(cause, "code") ?? cause.message) : String(cause);
    const reason = reasons.get(code) ?? `the system reports ${code}; mend that`;
    throw new FileError(
      `Cannot write "${path}": ${reason} and call again, finished parts are kept and not computed again`,
      path,
      { cause },
    );
  }
}
