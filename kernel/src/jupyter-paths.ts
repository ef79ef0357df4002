/** Where Jupyter looks for kernels and extensions; the same rules as `jupyter --paths`. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** The user's data folder. */
export function userDataFolder(env: Environment = process.env): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (process.platform === "darwin") return join(homedir(), "Library", "Jupyter");
  if (process.platform === "win32") return join(env.APPDATA ?? homedir(), "jupyter");
  return join(env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "jupyter");
}

/** Where running servers leave their addresses. */
export function runtimeFolder(env: Environment = process.env): string {
  return env.JUPYTER_RUNTIME_DIR ?? join(userDataFolder(env), "runtime");
}

/** The data folder below an installation prefix. */
export function prefixDataFolder(prefix: string): string {
  return join(prefix, "share", "jupyter");
}

/** The prefix of the active Python environment (venv or conda). */
export function environmentPrefix(env: Environment = process.env): string | undefined {
  return env.VIRTUAL_ENV ?? env.CONDA_PREFIX;
}

/** Every data folder that Jupyter may read, first match first. */
export function dataFolders(env: Environment = process.env): string[] {
  const active = environmentPrefix(env);
  const python = join(process.cwd(), ".venv");
  const folders = [
    ...(env.JUPYTER_PATH?.split(delimiter).filter(Boolean) ?? []),
    userDataFolder(env),
    ...(active ? [prefixDataFolder(active)] : []),
    ...(existsSync(python) ? [prefixDataFolder(python)] : []),
    ...systemFolders(env),
  ];
  return [...new Set(folders)];
}

function systemFolders(env: Environment): string[] {
  if (process.platform === "win32") return env.PROGRAMDATA ? [join(env.PROGRAMDATA, "jupyter")] : [];
  return ["/usr/local/share/jupyter", "/usr/share/jupyter"];
}
