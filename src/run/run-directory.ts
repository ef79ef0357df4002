import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { FileError } from "../errors.js";
import { type Latent, latentFileName } from "../latent.js";
import type { Interpretation } from "./interpretation.js";

/**
 * A folder that holds the results of one run, one JSON file per latent, so that a run can be stopped
 * at any time and goes on where it was. `run.json` says what the run is; a folder of another run is
 * refused, since results of different settings must not be mixed.
 */
export interface RunDirectory {
  /** The finished result of a latent, or `undefined` where there is none yet or it failed. */
  read(latent: Latent): Promise<Interpretation | undefined>;
  write(result: Interpretation): Promise<void>;
}

/** What makes two runs the same run. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** @throws {FileError} If the folder holds a run with other settings, or a damaged one. */
export async function openRunDirectory(directory: string, settings: RunSettings): Promise<RunDirectory> {
  const path = join(directory, "run.json");
  const hash = createHash("sha256").update(JSON.stringify(settings)).digest("hex");
  const found = await readJson<{ hash: string; settings: RunSettings }>(path);
  if (!found) {
    await writeFileAtomic(path, `${JSON.stringify({ version: 1, hash, settings }, undefined, 2)}\n`);
  } else if (found.hash !== hash) {
    throw new FileError(
      `Cannot continue the run in "${directory}": ${difference(found.settings, settings)}; choose another directory`,
      path,
    );
  }
  const fileOf = (latent: Latent) => join(directory, "latents", `${latentFileName(latent)}.json`);
  return {
    async read(latent) {
      const result = await readJson<Interpretation>(fileOf(latent));
      return result?.status === "scored" ? result : undefined;
    },
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

function difference(found: RunSettings, wanted: RunSettings): string {
  const keys = Object.keys({ ...found, ...wanted });
  const key = keys.find((k) => JSON.stringify(found[k]) !== JSON.stringify(wanted[k])) ?? "settings";
  return `its ${key} is ${JSON.stringify(found[key])}, this run's is ${JSON.stringify(wanted[key])}`;
}
