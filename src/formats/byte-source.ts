import { FileError } from "../errors.js";

/** Bytes that can be read by position: all that the readers of this folder need of a file. */
export interface ByteSource {
  /** Shown in errors: a path or a name. */
  readonly name: string;
  /** The file that they lie in as they are; absent in memory. */
  readonly path?: string;
  /** Number of bytes. */
  readonly size: number;
  /** Bytes `[start, end)`, in memory of their own or a view. @throws {FileError} If they end earlier. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Frees the file. */
  close(): Promise<void>;
}

/** Bytes in memory as a source; `read` gives views. */
export function memorySource(bytes: Uint8Array, name = "bytes in memory"): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(start, end) {
      checkRange({ name, size: bytes.length }, start, end);
      return bytes.subarray(start, end);
    },
    async close() {},
  };
}

/** @throws {FileError} If `[start, end)` does not lie inside the source. */
export function checkRange(source: { name: string; size: number }, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= source.size) return;
  throw new FileError(
    `Cannot read bytes ${start} to ${end} of "${source.name}": it has ${source.size} bytes; it may be cut short, so fetch it again`,
    source.name,
  );
}
