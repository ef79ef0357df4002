import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder of the `saelab` package, whether this code runs from `src/` or from `dist/`: the
 * nearest one upward whose package.json has that name.
 *
 * @throws {RangeError} If there is none.
 */
export function packageRoot(from: string = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (existsSync(path) && JSON.parse(readFileSync(path, "utf8")).name === "saelab") return folder;
    if (folder === dirname(folder)) {
      throw new RangeError(`Cannot find the saelab package above "${from}": no package.json has its name`);
    }
  }
}

/** The version of saelab, e.g. `0.1.0`: results of different versions are kept apart. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")).version;
}
