// Node modules and the build.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hashOf, once, root, run, say, stop } from "./shell.mjs";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

export function ensureNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(
    `saelab needs Node 20.19 or later, found ${process.versions.node}: install Node 24 from your package manager`,
  );
}

/** Installs what package-lock.json names; a second call with the same lock file does nothing. */
export function ensureNodeModules() {
  const lock = hashOf(["package-lock.json", ".npmrc"]);
  if (!existsSync(join(root, "node_modules", ".package-lock.json"))) {
    say("installing Node packages");
  }
  once("node_modules/.saelab-lock", lock, () => {
    run(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {});
    say("Node packages are there");
  });
}

/** Compiles the library, the kernel and the widgets when their sources changed. */
export function ensureBuild() {
  const sources = ["src", "demo/world", "kernel", "widgets", "tsconfig.base.json", "tsconfig.build.json"];
  once("dist/.saelab-sources", hashOf([...sources, "package-lock.json"]), () => {
    say("building the library, the kernel and the widgets");
    run(npm, ["run", "--silent", "build"]);
    say("built");
  });
}
