/**
 * The second stage of a cache: runs. A run holds the rows of consecutive contexts, grouped by latent, in
 * one file that appears when it is complete; its name says which contexts it holds, so the finished
 * work of a stopped call is simply what lies in the folder.
 *
 * Layout: `offsets` u32 [dSae + 1], `positions` u32 [rows], `activations` f32 [rows], CRC-32 of all that u32.
 */
import { closeSync, existsSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FileError } from "../errors.js";
import { readInto } from "./array-file.js";
import type { GroupedRows } from "./grouped-rows.js";
import { NewFile } from "./new-file.js";

export interface Run {
  readonly path: string;
  /** The contexts `first` to `end` (exclusive). */
  readonly first: number;
  readonly end: number;
  readonly rows: number;
}

/** The folder of a cache's runs. */
export function runsDirectory(directory: string): string {
  return join(directory, "runs");
}

/** Writes the rows of the contexts `first` to `end` (exclusive). @throws {FileError} If they cannot be written. */
export async function writeRun(
  directory: string,
  { first, end }: { first: number; end: number },
  { offsets, positions, activations }: GroupedRows,
): Promise<void> {
  const name = [first, end].map((n) => String(n).padStart(8, "0")).join("-");
  const file = new NewFile(join(runsDirectory(directory), `${name}.run`));
  let checksum = 0;
  try {
    for (const part of [offsets, positions, activations]) {
      await file.write(part, (bytes) => {
        checksum = crc32(bytes, checksum);
      });
    }
    await file.write(Uint32Array.of(checksum));
    await file.close();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

/**
 * The finished runs of a cache, in order.
 *
 * @throws {FileError} If one has the wrong size, or if one in the middle is missing.
 */
export function findRuns(directory: string, dSae: number): Run[] {
  const folder = runsDirectory(directory);
  if (!existsSync(folder)) return [];
  const runs = readdirSync(folder)
    .filter((name) => name.endsWith(".run"))
    .sort()
    .map((name) => readRunName(folder, name, dSae));
  let end = 0;
  for (const run of runs) {
    if (run.first !== end) {
      throw new FileError(
        `Cannot go on with the cache "${directory}": contexts ${end} to ${run.first - 1} are missing before "${run.path}"; delete the later runs and call again`,
        run.path,
      );
    }
    end = run.end;
  }
  return runs;
}

function readRunName(folder: string, name: string, dSae: number): Run {
  const path = join(folder, name);
  const [first, end] = (/^(\d+)-(\d+)\.run$/.exec(name) ?? []).slice(1).map(Number);
  const rowBytes = statSync(path).size - 4 * (dSae + 1) - checksumBytes;
  if (first === undefined || end === undefined || rowBytes < 0 || rowBytes % 8 !== 0) {
    throw damaged(path);
  }
  return { path, first, end, rows: rowBytes / 8 };
}

/**
 * Compares runs that another call has left with their checksums.
 *
 * @throws {FileError} If one has changed since it was written.
 */
export async function verifyRuns(runs: readonly Run[]): Promise<void> {
  const piece = new Uint8Array(1 << 20);
  for (const { path } of runs) {
    const file = openSync(path, "r");
    try {
      const end = statSync(path).size - checksumBytes;
      let checksum = 0;
      for (let at = 0; at < end; at += piece.length) {
        checksum = crc32(
          readInto(file, path, at, piece.subarray(0, Math.min(piece.length, end - at))),
          checksum,
        );
        await new Promise(setImmediate);
      }
      if (readInto(file, path, end, new Uint32Array(1))[0] !== checksum) throw damaged(path);
    } finally {
      closeSync(file);
    }
  }
}

const checksumBytes = 4;

function damaged(path: string): FileError {
  return new FileError(
    `Cannot go on with "${path}": it is damaged; delete it and the later ones, and call again`,
    path,
  );
}

/** An open run, read a range of latents at a time. */
export class RunReader {
  readonly #run: Run;
  readonly #dSae: number;
  readonly #file: number;

  constructor(run: Run, dSae: number) {
    this.#run = run;
    this.#dSae = dSae;
    this.#file = openSync(run.path, "r");
  }

  /** Offsets of the latents `from` to `to`, both included: the last is where the range ends. */
  offsets(from: number, to: number): Uint32Array {
    return readInto(this.#file, this.#run.path, 4 * from, new Uint32Array(to - from + 1));
  }

  positions(from: number, to: number): Uint32Array {
    return readInto(this.#file, this.#run.path, 4 * (this.#dSae + 1 + from), new Uint32Array(to - from));
  }

  activations(from: number, to: number): Float32Array {
    const at = 4 * (this.#dSae + 1 + this.#run.rows + from);
    return readInto(this.#file, this.#run.path, at, new Float32Array(to - from));
  }

  close(): void {
    closeSync(this.#file);
  }
}
