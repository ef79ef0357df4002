import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "./errors.js";

let written = 0;

/**
 * Writes a whole file or nothing: to a temporary name beside it, then renamed. Makes the folder.
 *
 * @throws {FileError} If the disk is full or the folder cannot be written; what was there stays.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${++written}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`Cannot write "${path}": ${why}; free some space or choose another folder`, path, {
      cause,
    });
  }
}
