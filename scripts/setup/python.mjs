// A Python with JupyterLab: the one that is active, or else an environment in the project.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./apt.mjs";
import { hashOf, once, output, root, run, say, stop } from "./shell.mjs";

const windows = process.platform === "win32";
const inside = (prefix) => (windows ? join(prefix, "python.exe") : join(prefix, "bin", "python"));

/** The path of a Python that has JupyterLab 4.2+, the widget manager and nbclient. */
export function ensurePython() {
  return activePython() ?? ensureEnvironment(".venv", ["requirements.txt"]);
}

/** The path of the Python of the tests: the newest front ends that saelab works in, whatever else is installed. */
export function ensureTestPython() {
  return ensureEnvironment(".venv", ["requirements.txt", "test/requirements.txt"]);
}

/** Sets up the oldest front ends that saelab works in, for the tests. */
export function ensureOldestFronts() {
  ensureEnvironment(".venv-oldest", ["test/requirements-oldest.txt"]);
}

/** The path of the Python of an environment in the project, with what the requirements files pin. */
function ensureEnvironment(folder, requirements) {
  const python = windows ? join(root, folder, "Scripts", "python.exe") : join(root, folder, "bin", "python");
  if (!existsSync(python)) createEnvironment(folder);
  once(`${folder}/.saelab-${requirements.at(-1).replace("/", "-")}`, hashOf(requirements), () => {
    say(`installing ${packagesIn(requirements).join(", ")} into ${folder}`);
    const pip = ["-m", "pip", "install", "--disable-pip-version-check"];
    run(python, [...pip, ...requirements.flatMap((file) => ["-r", file])], { quiet: true });
    say("JupyterLab is there");
  });
  return python;
}

/** The names of the packages that requirements files pin. */
function packagesIn(files) {
  return files.flatMap((file) => readFileSync(join(root, file), "utf8").match(/^[\w-]+(?===)/gm) ?? []);
}

/** A Python that the user chose or activated, if it already has all that the notebooks need. */
function activePython() {
  const candidates = [
    process.env.SAELAB_PYTHON,
    process.env.VIRTUAL_ENV && inside(process.env.VIRTUAL_ENV),
    process.env.CONDA_PREFIX && inside(process.env.CONDA_PREFIX),
  ];
  const probe =
    "import jupyterlab, jupyterlab_widgets, nbclient; v = tuple(map(int, jupyterlab.__version__.split('.')[:2])); assert v >= (4, 2)";
  return candidates.find((python) => python && output(python, ["-c", probe]) !== undefined);
}

function createEnvironment(folder) {
  say(`making a Python environment in ${folder}`);
  const python = systemPython() ?? (aptInstall(["python3", "python3-venv"]) ? systemPython() : undefined);
  if (!python) {
    stop(
      "Cannot find Python 3.10 or later: install it (https://www.python.org), or set SAELAB_PYTHON to one that has JupyterLab",
    );
  }
  if (output(python, ["-m", "venv", join(root, folder)]) !== undefined) return;
  aptInstall(["python3-venv"]);
  run(python, ["-m", "venv", "--clear", join(root, folder)], {
    quiet: true,
    hint: "Python's venv module is missing: install it (Debian: apt install python3-venv)",
  });
}

function systemPython() {
  const probe = "import sys; assert sys.version_info >= (3, 10)";
  const names = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"];
  return names.find((python) => output(python, ["-c", probe]) !== undefined);
}
