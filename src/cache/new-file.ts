import { closeSync, fsync, openSync, renameSync, write } from "node:fs";
import { promisify } from "node:util";
import { FileError } from "../errors.js";

const writePiece = promisify(write);
const syncToDisk = promisify(fsync);

/** Bytes that are written at once. */
const pieceBytes = 1 << 22;

/** A file that appears under its name when it is complete and on the disk; until then it is `<path>.tmp`. */
export class NewFile {
  readonly #path: string;
  readonly #file: number;
  #open = true;

  /** @throws {FileError} If it cannot be made. */
  constructor(path: string) {
    this.#path = path;
    this.#file = writing(path, () => openSync(`${path}.tmp`, "w"));
  }

  /**
   * Appends numbers, which must not change meanwhile. The system writes on another thread.
   *
   * @param onPiece Called with each piece of the bytes while it is written: for checksums.
   * @throws {FileError} If they cannot be written.
   */
  async write(numbers: ArrayBufferView, onPiece?: (bytes: Uint8Array) => void): Promise<void> {
    const { buffer, byteOffset, byteLength } = numbers;
    for (let from = 0; from < byteLength; from += pieceBytes) {
      const bytes = new Uint8Array(buffer, byteOffset + from, Math.min(pieceBytes, byteLength - from));
      const written = this.#append(bytes);
      onPiece?.(bytes);
      await written;
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await writePiece(this.#file, bytes, done)).bytesWritten;
      }
    } catch (cause) {
      throw writeError(this.#path, cause);
    }
  }

  /** @throws {FileError} If it cannot be finished. */
  async close(): Promise<void> {
    try {
      await syncToDisk(this.#file);
      this.abandon();
      renameSync(`${this.#path}.tmp`, this.#path);
    } catch (cause) {
      throw writeError(this.#path, cause);
    }
  }

  /** Gives the file up, after an error. */
  abandon(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
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

/** Runs file-system calls that write `path`, and says plainly what went wrong. @throws {FileError} */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function writeError(path: string, cause: unknown): FileError {
  const code = cause instanceof Error ? String(Reflect.get(cause, "code") ?? cause.message) : String(cause);
  const reason = reasons.get(code) ?? `the system reports ${code}; mend that`;
  return new FileError(
    `Cannot write "${path}": ${reason} and call again, finished parts are kept and not computed again`,
    path,
    { cause },
  );
}
