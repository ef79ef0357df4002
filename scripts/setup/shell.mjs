// Runs programs for the set-up scripts. Plain Node: nothing is installed yet when this runs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const start = performance.now();

/** One line of progress, with the seconds since the script began. */
export function say(text) {
  console.log(`[${((performance.now() - start) / 1000).toFixed(0).padStart(3)} s] ${text}`);
}

/** Ends the script with a sentence that says what to do. */
export function stop(text) {
  console.error(`\n${text}`);
  process.exit(1);
}

/** Runs a program in the project's root and shows its output; stops the script if it fails. */
export function run(program, args, { env = {}, quiet = false, hint } = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (result.status === 0) return result.stdout ?? "";
  if (quiet) process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  const why = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  return stop(`"${program} ${args.join(" ")}" failed: ${why}${hint ? `\n${hint}` : ""}`);
}

/** The standard output of a program, or undefined if it cannot be run or fails. */
export function output(program, args, env = {}) {
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8", env: { ...process.env, ...env } });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** A hash over files and folders (names and contents), so that a step runs only when they changed. */
export function hashOf(paths) {
  const hash = createHash("sha256").update(process.version);
  const add = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (!["node_modules", "dist", "labextension"].includes(name)) add(join(path, name));
      }
      return;
    }
    hash.update(path.slice(root.length)).update(readFileSync(path));
  };
  for (const path of paths) add(join(root, path));
  return hash.digest("hex");
}

/** Does a step unless its stamp holds the same hash. The stamp is written when the step is done. */
export function once(stamp, hash, step) {
  const path = join(root, stamp);
  if (existsSync(path) && readFileSync(path, "utf8") === hash) return;
  step();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
}
