// Debian packages, where we may install them.
import { output, run, say } from "./shell.mjs";

/** Installs Debian packages when run as root on a machine with apt; says whether it did. */
export function aptInstall(packages) {
  const root = process.getuid?.() === 0;
  if (!root || output("apt-get", ["--version"]) === undefined) return false;
  say(`installing ${packages.join(", ")} with apt`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env, quiet: true });
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env, quiet: true });
  return true;
}
