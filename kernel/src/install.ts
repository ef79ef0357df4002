#!/usr/bin/env node
/** Entry of `saelab install | uninstall | doctor`. */
import { parseArgs } from "node:util";
import { examine } from "./doctor.js";
import { environmentPrefix, prefixDataFolder, userDataFolder } from "./jupyter-paths.js";
import { installKernel, uninstallKernel } from "./kernelspec.js";

const usage = `saelab install   [--user | --sys-prefix | --prefix DIR]   put kernel and widgets where Jupyter finds them
saelab uninstall [--user | --sys-prefix | --prefix DIR]   take them away again
saelab doctor                                             look what is missing, and say what to do`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      user: { type: "boolean" },
      "sys-prefix": { type: "boolean" },
      prefix: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const command = values.help ? "help" : positionals[0];
  switch (command) {
    case "install":
      return install(dataFolder(values));
    case "uninstall":
      return uninstall(dataFolder(values));
    case "doctor":
      return doctor();
    default:
      process.stdout.write(`${usage}\n`);
      return command === "help" ? 0 : 1;
  }
}

function dataFolder(options: { prefix?: string; "sys-prefix"?: boolean; user?: boolean }): string {
  const given = ["prefix", "sys-prefix", "user"].filter((name) => name in options);
  if (given.length > 1) {
    throw new TypeError(
      `Cannot install with --${given.join(" and --")}: choose one of --user, --sys-prefix, --prefix`,
    );
  }
  if (options.prefix !== undefined) return prefixDataFolder(options.prefix);
  if (!options["sys-prefix"]) return userDataFolder();
  const prefix = environmentPrefix();
  if (!prefix) {
    throw new TypeError(
      "Cannot find the environment for --sys-prefix: neither VIRTUAL_ENV nor CONDA_PREFIX is set; activate one or use --prefix DIR",
    );
  }
  return prefixDataFolder(prefix);
}

function install(folder: string): number {
  const { kernelspec, extension, entry } = installKernel(folder);
  process.stdout.write(`Kernel      ${kernelspec} (runs ${entry})\n`);
  if (extension) process.stdout.write(`Widgets     ${extension}\n`);
  else
    process.stdout.write(
      "Widgets     not built, so not installed: run npm run build -w widgets, then install again\n",
    );
  return 0;
}

function uninstall(folder: string): number {
  const removed = uninstallKernel(folder);
  for (const path of removed) process.stdout.write(`Removed ${path}\n`);
  if (removed.length === 0) process.stdout.write(`Nothing to remove in ${folder}\n`);
  return 0;
}

async function doctor(): Promise<number> {
  const findings = await examine();
  for (const { ok, text, advice } of findings) {
    process.stdout.write(`${ok ? "ok     " : "PROBLEM"}  ${text}\n`);
    if (advice) process.stdout.write(`         → ${advice}\n`);
  }
  return findings.every(({ ok }) => ok) ? 0 : 1;
}
