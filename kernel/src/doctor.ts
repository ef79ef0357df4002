/** Looks at everything that has to fit together, and says what to do where it does not. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dataFolders, runtimeFolder } from "./jupyter-paths.js";
import { extensionName, kernelName } from "./kernelspec.js";
import { type RunningServer, runningServers } from "./running-servers.js";

/** One thing that was looked at. */
export interface Finding {
  readonly ok: boolean;
  /** What was found. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

const widgetManager = "@jupyter-widgets/jupyterlab-manager";

/** Examines this machine as a user of the current folder and environment. */
export async function examine(): Promise<Finding[]> {
  const command = [join(".venv", "bin", "jupyter"), "jupyter"].find((path) => versionsOf(path) !== undefined);
  const { data = [], runtime = [] } = command ? pathsOf(command) : {};
  const folders = [...new Set([...dataFolders(), ...data])];
  const servers = await runningServers([...new Set([runtimeFolder(), ...runtime])]);
  return [
    nodeFinding(),
    jupyterFinding(command),
    ...kernelFindings(folders),
    ...extensionFindings(folders),
    ...servers.map(serverFinding),
  ];
}

function nodeFinding(): Finding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return { ok, text: `Node ${node}`, ...(!ok && { advice: "Install Node 20.19 or newer" }) };
}

function jupyterFinding(command: string | undefined): Finding {
  if (!command) {
    return { ok: false, text: "No jupyter command", advice: "pip install jupyterlab jupyterlab_widgets" };
  }
  const versions = versionsOf(command) ?? new Map<string, string>();
  const lab = versions.get("jupyterlab");
  const [major = 0, minor = 0] = (lab ?? "").split(".").map(Number);
  const fits = major > 4 || (major === 4 && minor >= 2);
  const text = `${command}: JupyterLab ${lab ?? "missing"}, jupyter_client ${versions.get("jupyter_client") ?? "missing"}`;
  return { ok: fits, text, ...(!fits && { advice: 'pip install "jupyterlab>=4.2"' }) };
}

/** The folders of that Jupyter, as it says itself. */
function pathsOf(command: string): { data?: string[]; runtime?: string[] } {
  try {
    const output = execFileSync(command, ["--paths", "--json"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return JSON.parse(output) as { data?: string[]; runtime?: string[] };
  } catch {
    return {};
  }
}

function versionsOf(command: string): Map<string, string> | undefined {
  try {
    const output = execFileSync(command, ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return new Map(
      output.split("\n").flatMap((line) => {
        const [name, version] = line.split(":").map((part) => part.trim());
        return name && version && version !== "not installed" ? [[name, version] as const] : [];
      }),
    );
  } catch {
    return undefined;
  }
}

function kernelFindings(folders: readonly string[]): Finding[] {
  const specs = folders
    .map((folder) => join(folder, "kernels", kernelName, "kernel.json"))
    .filter((path) => existsSync(path));
  if (specs.length === 0) {
    const text = `No kernelspec "${kernelName}" in ${folders.join(", ")}`;
    return [{ ok: false, text, advice: "npx saelab install" }];
  }
  const findings = specs.map(kernelspecFinding);
  if (specs.length === 1) return findings;
  const text = `${specs.length} kernelspecs "${kernelName}"; Jupyter takes the first: ${specs.join(", ")}`;
  return [...findings, { ok: true, text }];
}

function kernelspecFinding(path: string): Finding {
  const advice = "npx saelab install";
  try {
    const { argv } = JSON.parse(readFileSync(path, "utf8")) as { argv: string[] };
    const missing = argv.filter((part, i) => (i === 0 || part.endsWith(".js")) && !existsSync(part));
    if (missing.length === 0) return { ok: true, text: `Kernelspec ${path}` };
    return { ok: false, text: `Kernelspec ${path} names ${missing.join(", ")}, which is not there`, advice };
  } catch (error) {
    return { ok: false, text: `Cannot read kernelspec ${path}: ${(error as Error).message}`, advice };
  }
}

function extensionFindings(folders: readonly string[]): Finding[] {
  return [
    extensionFinding(folders, extensionName, "npx saelab install"),
    extensionFinding(
      folders,
      widgetManager,
      "pip install jupyterlab_widgets (it draws every Jupyter widget)",
    ),
  ];
}

function extensionFinding(folders: readonly string[], name: string, advice: string): Finding {
  const path = folders
    .map((folder) => join(folder, "labextensions", ...name.split("/")))
    .find((at) => existsSync(at));
  if (!path) return { ok: false, text: `No JupyterLab extension ${name}`, advice };
  try {
    const { version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as { version: string };
    const loadable = readdirSync(join(path, "static")).some((file) => file.endsWith(".js"));
    if (loadable) return { ok: true, text: `JupyterLab extension ${name} ${version}` };
    return { ok: false, text: `JupyterLab extension ${path} has no script in static/`, advice };
  } catch (error) {
    return {
      ok: false,
      text: `Cannot read JupyterLab extension ${path}: ${(error as Error).message}`,
      advice,
    };
  }
}

function serverFinding({ url, folder, version, kernels }: RunningServer): Finding {
  const text = `Jupyter server ${url} (jupyter_server ${version ?? "unknown"}) for ${folder}`;
  if (!version || !kernels) {
    return { ok: false, text: `${text} does not answer`, advice: "Stop that server and start it again" };
  }
  if (kernels.includes(kernelName)) return { ok: true, text };
  const advice =
    "npx saelab install --prefix DIR, where DIR is the environment that the server was started from";
  return { ok: false, text: `${text} knows no kernel "${kernelName}"`, advice };
}
