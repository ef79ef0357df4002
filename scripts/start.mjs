// `npm start`: opens JupyterLab with the notebooks. Arguments go to JupyterLab.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureKernel, jupyterEnv } from "./setup/jupyter.mjs";
import { ensureBuild, ensureNode, ensureNodeModules } from "./setup/node.mjs";
import { ensurePython } from "./setup/python.mjs";
import { root, say } from "./setup/shell.mjs";

ensureNode();
ensureNodeModules();
const python = ensurePython();
ensureBuild();
ensureKernel();
say("starting JupyterLab");

const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
const { status } = spawnSync(
  python,
  ["-m", "jupyterlab", `--notebook-dir=${join(root, "notebooks")}`, ...asRoot, ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit", env: { ...process.env, ...jupyterEnv(python) } },
);
process.exit(status ?? 1);
