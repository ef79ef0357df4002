import type { Hash } from "node:crypto";
import { open } from "node:fs/promises";
import { FileError } from "../errors.js";
import { type ByteSource, checkRange } from "./byte-source.js";

/**
 * A file on disk as a byte source: each `read` fetches just those bytes.
 *
 * @throws {FileError} If the file cannot be opened.
 */
export async function openFile(path: string): Promise<ByteSource> {
  const file = await open(path, "r").catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const reason = missing ? "there is no such file; check the path" : (cause as Error).message;
    throw new FileError(`Cannot open "${path}": ${reason}`, path, { cause });
  });
  const { size } = await file.stat().catch(async (cause: unknown) => {
    await file.close();
    throw new FileError(`Cannot open "${path}": ${(cause as Error).message}`, path, { cause });
  });
  return {
    name: path,
    path,
    size,
    async read(start, end) {
      checkRange({ name: path, size }, start, end);
      const bytes = new Uint8Array(end - start);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new FileError(`Cannot read "${path}": it shrank while it was read`, path);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/** All bytes of a file. @throws {FileError} If it cannot be read. */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  const source = await openFile(path);
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/** Feeds a file to a hash in pieces, so that it need not fit the memory. @throws {FileError} As `openFile`. */
export async function hashFile(hash: Hash, path: string): Promise<void> {
  const piece = 8 << 20;
  const source = await openFile(path);
  try {
    for (let start = 0; start < source.size; start += piece) {
      hash.update(await source.read(start, Math.min(source.size, start + piece)));
    }
  } finally {
    await source.close();
  }
}
