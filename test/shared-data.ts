import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folder of real reference data; tests that need it are skipped by name where it is absent. */
const folder = resolve(process.env.SAELAB_SHARED ?? join(import.meta.dirname, "..", "..", "shared"));

/** A path in `../shared/real`. */
export function realData(...parts: string[]): string {
  return join(folder, "real", ...parts);
}

export const hasRealData = existsSync(realData("README.md"));

/** For titles: names what a skipped test lacks. */
export const needsRealData = "(needs ../shared)";
