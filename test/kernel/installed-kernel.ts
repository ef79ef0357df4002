/** The kernel as the installer puts it in place, and the Python of the tests that finds it there. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtKernel, root } from "./kernel-client.js";

const python = process.env.SAELAB_PYTHON ?? join(root, ".venv", "bin", "python");

/** Appended to the title of a suite that is skipped because Python lacks one of the modules; else empty. */
export function missingModules(...modules: readonly string[]): string {
  const found = existsSync(python) && spawnSync(python, ["-c", `import ${modules.join(", ")}`]).status === 0;
  return found ? "" : ` (needs ${modules.join(" and ")} in SAELAB_PYTHON)`;
}

/** An installed kernel. */
export interface InstalledKernel {
  /** Runs Python where Jupyter finds the kernel. */
  python(args: readonly string[], options?: { cwd?: string }): SpawnSyncReturns<string>;
  remove(): void;
}

/**
 * Installs the built kernel into a folder of its own.
 *
 * @throws {Error} With what the installer said, if it fails.
 */
export function installForTests(): InstalledKernel {
  const prefix = mkdtempSync(join(tmpdir(), "saelab-prefix-"));
  const installer = [join(builtKernel(), "..", "install.js"), "install", "--prefix", prefix];
  const { status, stderr } = spawnSync(process.execPath, installer, { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot install the kernel into "${prefix}": ${stderr}`);
  const env = { ...process.env, JUPYTER_PATH: join(prefix, "share", "jupyter") };
  return {
    python: (args, { cwd = root } = {}) => spawnSync(python, args, { encoding: "utf8", env, cwd }),
    remove: () => rmSync(prefix, { recursive: true, force: true }),
  };
}
