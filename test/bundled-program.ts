import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

/** A program of the tests in one file. */
export interface BundledProgram {
  readonly path: string;
  remove(): Promise<void>;
}

/** In one file a program starts in a fraction of the time; it lies where its packages are found. */
export async function bundledProgram(entry: string): Promise<BundledProgram> {
  const folder = join(import.meta.dirname, "../node_modules/.cache/saelab-kill");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${basename(entry, ".ts")}-${process.pid}.mjs`);
  await build({
    ...{ entryPoints: [entry], outfile: path },
    ...{ bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" },
  });
  return { path, remove: () => rm(path, { force: true }) };
}
