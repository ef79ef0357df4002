// `npm run demo`: sets up what is missing, then does the main job on the embedded model: a table of
// latents with explanations and scores, a notebook run through the real kernel, and a report.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureKernel, jupyterEnv } from "./setup/jupyter.mjs";
import { ensureBuild, ensureNode, ensureNodeModules } from "./setup/node.mjs";
import { ensurePython } from "./setup/python.mjs";
import { root, run, say } from "./setup/shell.mjs";

ensureNode();
ensureNodeModules();
const python = ensurePython();
ensureBuild();
ensureKernel();

const results = join("artifacts", "demo");
mkdirSync(join(root, results), { recursive: true });
say("explaining and scoring latents of the embedded model");
const env = jupyterEnv(python);
run(process.execPath, [join(root, "dist", "src", "cli.js"), "demo", "--out", results], { env });

const notebook = "01-one-latent.ipynb";
say(`running notebooks/${notebook} through Jupyter`);
run(
  python,
  [
    "-m",
    "nbconvert",
    "--to",
    "notebook",
    "--execute",
    join(root, "notebooks", notebook),
    "--output-dir",
    results,
  ],
  { env, quiet: true },
);

say("done");
console.log(`
report    ${join(results, "report.html")}   open it in a browser
notebook  ${join(results, notebook)}
next      npm start   opens JupyterLab with the notebooks`);
