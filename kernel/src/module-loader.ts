import { readFileSync } from "node:fs";
import { createRequire, register } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import * as tslab from "./tslab-display.js";

type Namespace = Readonly<Record<string, unknown>>;
type NativeImport = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;

/**
 * Imports modules for cells, natively: ESM, CommonJS, JSON, add-ons, whatever Node loads.
 *
 * Names are resolved from the notebook's folder; a package that is not installed there is looked for next to the
 * kernel, so that `import … from "saelab"` works in any folder. `tslab` gives this kernel's version of its display API.
 */
export class ModuleLoader {
  readonly #importers = new Map<string, NativeImport>();
  #hasHooks = false;

  /**
   * Imports a module.
   *
   * @param wanted Names that the cell uses; a missing one is an error here, as in a module.
   */
  readonly import = async (
    specifier: string,
    options?: ImportCallOptions,
    wanted: readonly string[] = [],
  ): Promise<Namespace> => {
    const caller = new Error();
    const namespace = await this.#load(String(specifier), options).catch((error: unknown) => {
      throw withCaller(error, caller);
    });
    const missing = wanted.find((name) => !(name in namespace));
    if (missing !== undefined) {
      const there = Object.keys(namespace).slice(0, 20).join(", ");
      throw new SyntaxError(
        `Cannot import "${missing}" from "${specifier}": the module exports ${there || "nothing"}`,
      );
    }
    return namespace;
  };

  async #load(specifier: string, options?: ImportCallOptions): Promise<Namespace> {
    if (specifier === "tslab") return tslab;
    if (/\.m?ts$/.test(specifier)) this.#allowTypeScript();
    try {
      return await this.#from(process.cwd())(specifier, options);
    } catch (error) {
      if (!isMissingPackage(error, specifier)) throw error;
      for (const folder of kernelFolders) {
        const found = await this.#from(folder)(specifier, options).catch((reason: unknown) => {
          if (isMissingPackage(reason, specifier)) return undefined;
          throw reason;
        });
        if (found) return found;
      }
      throw error;
    }
  }

  /** Module hooks cost a thread, so they come with the first file that needs them. */
  #allowTypeScript(): void {
    if (this.#hasHooks) return;
    this.#hasHooks = true;
    register("./typescript-hooks.js", import.meta.url);
  }

  /** Node's own `import()`, as if called in a file of `folder`. */
  #from(folder: string): NativeImport {
    const known = this.#importers.get(folder);
    if (known) return known;
    const script = new vm.Script("(specifier, options) => import(specifier, options)", {
      filename: join(folder, "cell.ts"),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const load = script.runInThisContext() as NativeImport;
    this.#importers.set(folder, load);
    return load;
  }
}

const frameOfCell = /^\s+at .*\b(cell|silent)-\d+\.ts:/;
const frameOfFile = /^\s+at .*\.m?ts\?changed=/;

/** Errors of loading have no frame of the importing cell, or, from a second import on, that of the first; ours have. */
function withCaller(error: unknown, caller: Error): unknown {
  if (error instanceof Error) {
    const ofFile = error.stack?.split("\n").filter((line) => frameOfFile.test(line)) ?? [];
    const ofCell = caller.stack?.split("\n").filter((line) => frameOfCell.test(line)) ?? [];
    const frames = [...ofFile, ...ofCell];
    // Defined, not assigned: from Node 22 on, errors of the module loader have a read-only stack.
    const value = [`${error.name}: ${error.message}`, ...frames].join("\n");
    Object.defineProperty(error, "stack", { value, configurable: true, writable: true });
  }
  return error;
}

/** Folders to resolve from when the notebook's lacks a package: saelab's own, then the kernel's. */
const kernelFolder = fileURLToPath(new URL("..", import.meta.url));
const kernelFolders = [saelabFolder(), kernelFolder].filter(
  (folder): folder is string => folder !== undefined,
);

function saelabFolder(): string | undefined {
  const folder = join(kernelFolder, "..");
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string };
    return name === "saelab" ? folder : undefined;
  } catch {
    return undefined;
  }
}

function isMissingPackage(error: unknown, specifier: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== "ERR_MODULE_NOT_FOUND" || /^[./]|^[a-z]+:/i.test(specifier)) return false;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  return message?.includes(`Cannot find package '${name}'`) === true;
}

/** What `import.meta` is in a cell: a module in the notebook's folder. */
export function cellMeta(): object {
  const filename = () => join(process.cwd(), "cell.ts");
  return {
    get url() {
      return pathToFileURL(filename()).href;
    },
    get filename() {
      return filename();
    },
    get dirname() {
      return process.cwd();
    },
    resolve: (specifier: string) => resolved(String(specifier), filename()),
  };
}

/** As in a file of the notebook's folder; packages from there, else from where the kernel is. */
function resolved(specifier: string, from: string): string {
  const { resolve } = loadResolver();
  try {
    return resolve(specifier, pathToFileURL(from).href);
  } catch (error) {
    if (!isMissingPackage(error, specifier)) throw error;
    for (const folder of kernelFolders) {
      try {
        return resolve(specifier, pathToFileURL(join(folder, "cell.ts")).href);
      } catch {}
    }
    throw error;
  }
}

/** Node's own algorithm, which Node itself offers for the calling module only; loaded when a cell asks, as it is slow. */
function loadResolver(): typeof import("import-meta-resolve") {
  return createRequire(import.meta.url)("import-meta-resolve") as typeof import("import-meta-resolve");
}
