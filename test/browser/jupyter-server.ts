import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The `jupyter` of the tests: `SAELAB_JUPYTER`, else the project's own environment. */
export const jupyterPath = process.env.SAELAB_JUPYTER ?? join(root, ".venv/bin/jupyter");

/** The `jupyter` of the oldest front ends that saelab works in. */
export const oldestJupyterPath = join(root, ".venv-oldest/bin/jupyter");

/** Appended to the title of a suite that is skipped because JupyterLab is missing; else empty. */
export const noJupyter = missingJupyter(jupyterPath);

/** The same for another Jupyter. */
export function missingJupyter(path: string): string {
  return existsSync(path) ? "" : ` (needs JupyterLab at ${path})`;
}

export interface JupyterOptions {
  /** Folder whose notebooks are served. */
  readonly directory: string;
  /** Puts kernels and extensions below the server's own data directory, before it starts. */
  readonly prepare?: (dataDirectory: string) => Promise<void>;
  readonly env?: Readonly<Record<string, string>>;
  /** Path of the `jupyter` to start; by default that of the tests. */
  readonly jupyter?: string;
}

export interface JupyterServer {
  /** `http://127.0.0.1:PORT/`, no token. */
  readonly url: string;
  readonly directory: string;
  readonly dataDirectory: string;
  /** Everything that the server and its kernels wrote. */
  log(): string;
  /** Marks a notebook as trusted, as a user does who ran it. */
  trust(path: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts JupyterLab (and Jupyter Notebook, where it is installed) on a free port, with configuration, data and runtime folders of its own: nothing of
 * the user's Jupyter is read or changed. Kernels and extensions are those that `prepare` puts there, and
 * those on a `JUPYTER_PATH` given in `env`.
 *
 * @throws {Error} With the server's log, if it is not up within two minutes.
 */
export async function startJupyter(options: JupyterOptions): Promise<JupyterServer> {
  const { directory, jupyter = jupyterPath } = options;
  const home = await mkdtemp(join(tmpdir(), "saelab-jupyter-"));
  const dataDirectory = join(home, "data");
  const runtime = join(home, "runtime");
  await Promise.all([dataDirectory, runtime].map((path) => mkdir(path, { recursive: true })));
  await disableNews(join(home, "config"));
  await options.prepare?.(dataDirectory);
  const env = {
    ...process.env,
    JUPYTER_PATH: "",
    JUPYTER_CONFIG_DIR: join(home, "config"),
    JUPYTER_DATA_DIR: dataDirectory,
    JUPYTER_RUNTIME_DIR: runtime,
    JUPYTERLAB_SETTINGS_DIR: join(home, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(home, "workspaces"),
    ...options.env,
  };
  const child = spawn(jupyter, serverArguments(directory), { env, cwd: directory });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  const stop = async () => {
    await stopChild(child);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const url = await serverUrl(runtime, child);
    const trust = async (path: string) => {
      await promisify(execFile)(jupyter, ["trust", path], { env, cwd: directory });
    };
    return { url, directory, dataDirectory, log: () => log, trust, stop };
  } catch (error) {
    await stop();
    throw new Error(`Cannot start ${jupyter}: ${error instanceof Error ? error.message : error}\n${log}`);
  }
}

function serverArguments(directory: string): string[] {
  return [
    "lab",
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    `--ServerApp.root_dir=${directory}`,
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--ServerApp.disable_check_xsrf=True",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
  ];
}

/** The question about news would lie over every page. */
async function disableNews(config: string): Promise<void> {
  await mkdir(join(config, "labconfig"), { recursive: true });
  const disabledExtensions = { "@jupyterlab/apputils-extension:announcements": true };
  await writeFile(join(config, "labconfig", "page_config.json"), JSON.stringify({ disabledExtensions }));
}

/** A server that is up writes its address into the runtime folder. */
async function serverUrl(runtime: string, child: ChildProcess): Promise<string> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`);
    const file = (await readdir(runtime)).find((name) => /^jpserver-\d+\.json$/.test(name));
    const info =
      file && (JSON.parse(await readFile(join(runtime, file), "utf8").catch(() => "{}")) as object);
    if (info && "port" in info) {
      const url = `http://127.0.0.1:${info.port}/`;
      const up = await fetch(`${url}api/status`).catch(() => undefined);
      if (up?.ok) return url;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it was not up within two minutes");
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 8_000);
  await ended;
  clearTimeout(late);
}
