// `npm test`: sets up what is missing, then runs every test. Arguments go to vitest.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureChromium } from "./setup/chromium.mjs";
import { ensureKernel, jupyterEnv } from "./setup/jupyter.mjs";
import { ensureBuild, ensureNode, ensureNodeModules } from "./setup/node.mjs";
import { ensureOldestFronts, ensureTestPython } from "./setup/python.mjs";
import { root, say } from "./setup/shell.mjs";

ensureNode();
ensureNodeModules();
const python = ensureTestPython();
ensureOldestFronts();
const chromium = ensureChromium();
ensureBuild();
ensureKernel();
say("running the tests");

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, ...jupyterEnv(python), ...(chromium && { SAELAB_CHROMIUM: chromium }) },
});
process.exit(status ?? 1);
