// A Python with JupyterLab: the one that is active, or else a project-local environment in .venv.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./apt.mjs";
import { hashOf, once, output, root, run, say, stop } from "./shell.mjs";

const windows = process.platform === "win32";
const inside = (prefix) => (windows ? join(prefix, "python.exe") : join(prefix, "bin", "python"));
const local = windows ? join(root, ".venv", "Scripts", "python.exe") : join(root, ".venv", "bin", "python");

/** The path of a Python that has JupyterLab 4.2+, the widget manager and nbclient. */
export function ensurePython({ forTests = false } = {}) {
  const wanted = forTests ? ["requirements.txt", "test/requirements.txt"] : ["requirements.txt"];
  const python = forTests ? undefined : activePython();
  if (python) return python;
  if (!existsSync(local)) createEnvironment();
  once(`.venv/.saelab-${forTests ? "tests" : "user"}`, hashOf(wanted), () => {
    say(`installing ${packagesIn(wanted).join(", ")} into .venv`);
    const pip = ["-m", "pip", "install", "--disable-pip-version-check"];
    run(local, [...pip, ...wanted.flatMap((file) => ["-r", file])], { quiet: true });
    say("JupyterLab is there");
  });
  return local;
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

function createEnvironment() {
  say("making a Python environment in .venv");
  const python = systemPython() ?? (aptInstall(["python3", "python3-venv"]) ? systemPython() : undefined);
  if (!python) {
    stop(
      "Cannot find Python 3.10 or later: install it (https://www.python.org), or set SAELAB_PYTHON to one that has JupyterLab",
    );
  }
  if (output(python, ["-m", "venv", join(root, ".venv")]) !== undefined) return;
  aptInstall(["python3-venv"]);
  run(python, ["-m", "venv", "--clear", join(root, ".venv")], {
    quiet: true,
    hint: "Python's venv module is missing: install it (Debian: apt install python3-venv)",
  });
}

function systemPython() {
  const probe = "import sys; assert sys.version_info >= (3, 10)";
  const names = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"];
  return names.find((python) => output(python, ["-c", probe]) !== undefined);
}
