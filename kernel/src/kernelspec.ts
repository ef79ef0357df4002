import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Name of the kernelspec's folder, which notebooks refer to. */
export const kernelName = "saelab";
/** Name of the widgets' extension. */
export const extensionName = "@saelab/widgets";

const kernelPackage = fileURLToPath(new URL("..", import.meta.url));

/** The folders that an installation makes below a Jupyter data folder. */
export function installedFolders(dataFolder: string) {
  return {
    kernelspec: join(dataFolder, "kernels", kernelName),
    extension: join(dataFolder, "labextensions", ...extensionName.split("/")),
  };
}

/** What `installKernel` did. */
export interface Installation {
  readonly kernelspec: string;
  /** Absent when the widgets are not built. */
  readonly extension: string | undefined;
  /** The file that Jupyter starts. */
  readonly entry: string;
}

/** Puts kernelspec and widget extension below a Jupyter data folder; what was there before is replaced. */
export function installKernel(dataFolder: string): Installation {
  const { kernelspec, extension } = installedFolders(dataFolder);
  rmSync(kernelspec, { recursive: true, force: true });
  mkdirSync(kernelspec, { recursive: true });
  cpSync(join(kernelPackage, "kernelspec"), kernelspec, { recursive: true });
  const entry = join(lastingPackage(kernelspec), "dist", "main.js");
  writeFileSync(join(kernelspec, "kernel.json"), `${JSON.stringify(kernelSpec(entry), undefined, 2)}\n`);
  const built = join(kernelPackage, "..", "widgets", "labextension");
  if (!existsSync(join(built, "package.json"))) return { kernelspec, extension: undefined, entry };
  rmSync(extension, { recursive: true, force: true });
  cpSync(built, extension, { recursive: true });
  return { kernelspec, extension, entry };
}

/** Removes both; returns the folders that were there. */
export function uninstallKernel(dataFolder: string): string[] {
  const { kernelspec, extension } = installedFolders(dataFolder);
  const there = [kernelspec, extension].filter((folder) => existsSync(folder));
  for (const folder of there) rmSync(folder, { recursive: true, force: true });
  return there;
}

function kernelSpec(entry: string): object {
  return {
    argv: [
      process.execPath,
      "--no-warnings",
      // Without it, Node aborts when a cell is stopped by force; see interrupt-ladder.ts.
      "--no-force-async-hooks-checks",
      entry,
      "{connection_file}",
    ],
    display_name: "TypeScript (saelab)",
    language: "typescript",
    interrupt_mode: "message",
    kernel_protocol_version: "5.5",
    metadata: { debugger: true },
  };
}

/** The kernel's package where it will stay: npx keeps packages for a while only, so from there it is copied. */
function lastingPackage(kernelspec: string): string {
  const real = realpathSync(kernelPackage);
  const parts = real.split(sep);
  const modules = parts.indexOf("node_modules");
  if (!parts.includes("_npx") || modules < 0) return real;
  const source = parts.slice(0, modules + 1).join(sep);
  const copy = join(kernelspec, basename(source));
  cpSync(source, copy, { recursive: true, verbatimSymlinks: true });
  return join(dirname(copy), ...parts.slice(modules));
}
