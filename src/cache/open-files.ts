import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { readInto } from "./array-file.js";

/** The files of one cache: opened when they are first read, and kept open. */
export class OpenFiles {
  readonly #directory: string;
  readonly #open = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Fills `numbers` from a file, beginning at byte `at`, by one read. @throws {FileError} If the file ends before. */
  part<T extends ArrayBufferView>(name: string, at: number, numbers: T): T {
    const path = join(this.#directory, name);
    const file = this.#open.get(name) ?? openSync(path, "r");
    this.#open.set(name, file);
    return readInto(file, path, at, numbers);
  }

  /** All numbers of a file. */
  whole<T>(name: string, type: new (buffer: ArrayBuffer) => T): T {
    const bytes = readFileSync(join(this.#directory, name));
    return new type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  }

  damaged(name: string, found: string): FileError {
    const path = join(this.#directory, name);
    return new FileError(`Cannot read "${path}": ${found}; delete its folder and cache again`, path);
  }

  /** Closes the files. Reading opens them again. */
  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }
}
