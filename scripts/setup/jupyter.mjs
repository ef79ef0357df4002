// The kernel and the widget extension, put into a folder of the project that Jupyter is pointed at,
// so that nothing outside the project changes. `npx saelab install` is for installing elsewhere.
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashOf, once, root, run, say } from "./shell.mjs";

const prefix = join(root, ".jupyter");

/** Environment variables with which Jupyter finds the project's kernel and keeps its files in the project. */
export function jupyterEnv(python) {
  return {
    SAELAB_PYTHON: python,
    SAELAB_CACHE: process.env.SAELAB_CACHE ?? join(root, ".cache", "saelab"),
    PATH: `${dirname(python)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`,
    JUPYTER_PATH: join(prefix, "share", "jupyter"),
    JUPYTER_CONFIG_DIR: join(prefix, "config"),
    JUPYTER_RUNTIME_DIR: join(prefix, "runtime"),
  };
}

/** Installs the kernel and the widget extension for Jupyter, into the project. */
export function ensureKernel() {
  mkdirSync(join(prefix, "runtime"), { recursive: true });
  const there = existsSync(join(prefix, "share", "jupyter", "kernels", "saelab", "kernel.json"));
  const hash = `${hashOf(["kernel", "widgets"])} ${process.execPath} ${there}`;
  once(".jupyter/.saelab-installed", hash.replace("false", "true"), () => {
    run(process.execPath, [join(root, "kernel", "dist", "install.js"), "install", "--prefix", prefix], {
      quiet: true,
    });
    say("the TypeScript kernel and the widgets are installed in .jupyter");
  });
}
