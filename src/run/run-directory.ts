import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { FileError } from "../errors.js";
import { type Latent, latentFileName } from "../latent.js";
import type { Settings } from "../settings.js";
import type { Interpretation } from "./interpretation.js";

/**
 * A folder that holds the results of one run, one JSON file per latent, so that a run can be stopped
 * at any time and goes on where it was: see `isFinished`. It is named by a hash of the run's settings: with other
 * settings the same directory gets another folder, and results are never mixed or overwritten.
 */
export interface RunDirectory {
  /** What there is of a latent, finished or not. */
  read(latent: Latent): Promise<Interpretation | undefined>;
  write(result: Interpretation): Promise<void>;
}

/**
 * Opens or makes the run's folder in `directory`: `run-<hash>` with `run.json`, which says what it is.
 *
 * @throws {FileError} If the folder cannot be written.
 */
export async function openRunDirectory(directory: string, settings: Settings): Promise<RunDirectory> {
  const hash = createHash("sha256").update(JSON.stringify(settings)).digest("hex");
  const folder = join(directory, `run-${hash.slice(0, 12)}`);
  await writeFileAtomic(
    join(folder, "run.json"),
    `${JSON.stringify({ version: 1, settings }, undefined, 2)}\n`,
  );
  const fileOf = (latent: Latent) => join(folder, `${latentFileName(latent)}.json`);
  return {
    read: (latent) => readJson<Interpretation>(fileOf(latent)),
    write: (result) => writeFileAtomic(fileOf(result.latent), `${JSON.stringify(result)}\n`),
  };
}

async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new FileError(`Cannot read "${path}"`, path, { cause: error });
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new FileError(
      `Cannot read "${path}": it is not JSON; delete this file to do its part again`,
      path,
      {
        cause,
      },
    );
  }
}
