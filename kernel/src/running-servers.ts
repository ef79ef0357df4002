/** Jupyter servers that run on this machine, as they say in Jupyter's runtime folder. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A Jupyter server whose process is alive. */
export interface RunningServer {
  readonly url: string;
  /** The folder that it serves. */
  readonly folder: string;
  /** Of the package jupyter_server; absent when it did not answer. */
  readonly version: string | undefined;
  /** Names of the kernels that it can start; absent when it did not say. */
  readonly kernels: readonly string[] | undefined;
}

interface ServerFile {
  readonly url: string;
  readonly token?: string;
  readonly pid: number;
  readonly root_dir: string;
}

/** Milliseconds that a server gets to answer. */
const patience = 2000;

/** Asks the servers that are named in the runtime folders; files that ended servers left are passed over. */
export async function runningServers(runtimeFolders: readonly string[]): Promise<RunningServer[]> {
  const alive = runtimeFolders.flatMap(serverFiles).filter(({ pid }) => isAlive(pid));
  return Promise.all(
    alive.map(async (file) => {
      const api = (await ask(file, "api")) as { version?: string } | undefined;
      const specs = (await ask(file, "api/kernelspecs")) as { kernelspecs?: object } | undefined;
      const kernels = specs?.kernelspecs && Object.keys(specs.kernelspecs);
      return { url: file.url, folder: file.root_dir, version: api?.version, kernels };
    }),
  );
}

function serverFiles(folder: string): ServerFile[] {
  try {
    const names = readdirSync(folder).filter((name) => /^jpserver-\d+\.json$/.test(name));
    return names.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as ServerFile);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function ask({ url, token }: ServerFile, path: string): Promise<unknown> {
  try {
    const headers: Record<string, string> = token ? { authorization: `token ${token}` } : {};
    const answer = await fetch(new URL(path, url), { headers, signal: AbortSignal.timeout(patience) });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}
