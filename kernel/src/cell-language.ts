/** Completion, inspection and type checks of cells by TypeScript's language service, across cells and packages. */
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CellDiagnostic, cellDiagnostics } from "./cell-diagnostics.js";
import { type CellModule, CellModules } from "./cell-modules.js";
import { codePointOffset, utf16Offset } from "./code-points.js";
import type { Json } from "./messages.js";
import { ts } from "./typescript.js";

/** Most matches of one reply. */
const maxMatches = 200;

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.esnext.d.ts"],
  types: ["node"],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  allowJs: true,
};

/** Files of packages do not change while a notebook is open. */
const inPackage = /[\\/]node_modules[\\/]/;

const kernelFolder = fileURLToPath(new URL("..", import.meta.url));
const globalsFile = join(kernelFolder, "kernelspec", "cell-globals.d.ts");

/** What the kernel knows of the language of its cells. */
export class CellLanguage {
  readonly #folder: string;
  readonly #cells: CellModules;
  readonly #service: ts.LanguageService;
  readonly #resolutions: ts.ModuleResolutionCache;
  #current: CellModule;
  #version = 0;

  /** @param folder The notebook's folder. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#cells = new CellModules(folder);
    this.#resolutions = ts.createModuleResolutionCache(folder, (fileName) => fileName, options);
    this.#current = this.#cells.typed("");
    this.#service = ts.createLanguageService(this.#host());
  }

  /** Takes an executed cell. */
  executed(code: string): void {
    this.#cells.add(code);
  }

  /** A cell that is about to run, with the earlier cells as they are now; to be checked whenever there is time. */
  next(code: string): CellModule {
    return this.#cells.next(code);
  }

  /** What is wrong with the types of a cell; nothing for one that does not parse, which says so when it runs. */
  check(cell: CellModule): CellDiagnostic[] {
    this.#show(cell);
    if (this.#service.getSyntacticDiagnostics(cell.fileName).length > 0) return [];
    return cellDiagnostics(this.#service.getSemanticDiagnostics(cell.fileName), cell);
  }

  /** Content of `complete_reply` (section "Completion"). */
  complete(code: string, cursor: number): Json {
    const at = this.#open(code, cursor);
    const word = /[\w$#]*$/u.exec(code.slice(0, at))?.[0] ?? "";
    const info = this.#service.getCompletionsAtPosition(this.#current.fileName, this.#current.start + at, {});
    const replaced = info?.optionalReplacementSpan?.start;
    const start = replaced === undefined ? at - word.length : replaced - this.#current.start;
    const typed = code.slice(start, at);
    const entries = (info?.entries ?? [])
      .filter(({ name }) => name.startsWith(typed) && !name.startsWith("__"))
      .sort((a, b) => a.sortText.localeCompare(b.sortText) || a.name.localeCompare(b.name))
      .slice(0, maxMatches);
    const span = { start: codePointOffset(code, start), end: codePointOffset(code, at) };
    return {
      status: "ok",
      matches: entries.map(({ name }) => name),
      cursor_start: span.start,
      cursor_end: span.end,
      metadata: {
        _jupyter_types_experimental: entries.map(({ name, kind }) => ({ ...span, text: name, type: kind })),
      },
    };
  }

  /** Content of `inspect_reply` (section "Introspection"). */
  inspect(code: string, cursor: number): Json {
    const at = this.#open(code, cursor);
    const info = this.#quickInfo(at) ?? this.#quickInfo(at - 1) ?? this.#quickInfoBeforeCall(code, at);
    if (!info) return { status: "ok", found: false, data: {}, metadata: {} };
    const signature = withoutImport(ts.displayPartsToString(info.displayParts));
    const prose = [ts.displayPartsToString(info.documentation), ...(info.tags ?? []).map(tagText)].filter(
      Boolean,
    );
    return {
      status: "ok",
      found: true,
      data: {
        "text/plain": [signature, ...prose].join("\n\n"),
        "text/markdown": [`\`\`\`typescript\n${signature}\n\`\`\``, ...prose].join("\n\n"),
      },
      metadata: {},
    };
  }

  #open(code: string, cursor: number): number {
    this.#show(this.#cells.typed(code));
    return utf16Offset(code, cursor);
  }

  #show(cell: CellModule): void {
    if (cell.text !== this.#current.text) this.#version++;
    this.#current = cell;
  }

  #quickInfo(at: number): ts.QuickInfo | undefined {
    return at < 0
      ? undefined
      : this.#service.getQuickInfoAtPosition(this.#current.fileName, this.#current.start + at);
  }

  /** Inside the brackets of a call: what is called. */
  #quickInfoBeforeCall(code: string, at: number): ts.QuickInfo | undefined {
    const call = this.#service.getSignatureHelpItems(this.#current.fileName, this.#current.start + at, {});
    if (!call) return undefined;
    const before = code.slice(0, call.applicableSpan.start - this.#current.start - 1).trimEnd();
    return this.#quickInfo(before.length - 1);
  }

  /** `getModuleResolutionCache` is one of TypeScript's own hosts' that it left out of the public type. */
  #host(): ts.LanguageServiceHost & Pick<ts.CompilerHost, "getModuleResolutionCache"> {
    const moduleOf = (fileName: string) =>
      fileName === this.#current.fileName ? this.#current : this.#cells.modules.get(fileName);
    return {
      getCompilationSettings: () => ({ ...options, typeRoots: this.#typeRoots() }),
      getCurrentDirectory: () => this.#folder,
      getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
      getScriptFileNames: () => [globalsFile, this.#current.fileName],
      getScriptVersion: (fileName) => {
        if (fileName === this.#current.fileName) return String(this.#version);
        if (moduleOf(fileName) || inPackage.test(fileName)) return "1";
        return String(ts.sys.getModifiedTime?.(fileName)?.getTime() ?? 0);
      },
      getScriptSnapshot: (fileName) => {
        const text = moduleOf(fileName)?.text ?? ts.sys.readFile(fileName);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      fileExists: (fileName) => moduleOf(fileName) !== undefined || ts.sys.fileExists(fileName),
      readFile: (fileName) => moduleOf(fileName)?.text ?? ts.sys.readFile(fileName),
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
      readDirectory: ts.sys.readDirectory,
      ...(ts.sys.realpath && { realpath: ts.sys.realpath }),
      getModuleResolutionCache: () => this.#resolutions,
      resolveModuleNameLiterals: (literals, containing, _redirected, settings) =>
        literals.map(({ text }) => this.#resolve(text, containing, settings)),
    };
  }

  /** Types of Node come from the notebook's packages, or from the kernel's. */
  #typeRoots(): string[] {
    const above = (folder: string) =>
      ["node_modules/@types", "../node_modules/@types"].map((path) => join(folder, path));
    return [...above(this.#folder), ...above(kernelFolder)];
  }

  /** Resolves from the notebook's folder, then as the module loader does. */
  #resolve(
    name: string,
    containing: string,
    settings: ts.CompilerOptions,
  ): ts.ResolvedModuleWithFailedLookupLocations {
    if (name === "tslab") {
      const resolvedFileName = join(kernelFolder, "dist", "tslab-display.d.ts");
      return { resolvedModule: { resolvedFileName, extension: ts.Extension.Dts } };
    }
    // Declared by the types of Node, and no file.
    if (isBuiltin(name)) return { resolvedModule: undefined };
    const host = { ...ts.sys, fileExists: (file: string) => this.#isThere(file) };
    const found = ts.resolveModuleName(name, containing, settings, host, this.#resolutions);
    if (found.resolvedModule || inPackage.test(containing)) return found;
    // A later cell may ask again, after the package was installed or the file written.
    this.#resolutions.clear();
    if (name.startsWith(".")) return found;
    const fromSaelab = ts.resolveModuleName(name, join(kernelFolder, "..", "cell.ts"), settings, host);
    return fromSaelab.resolvedModule ? fromSaelab : found;
  }

  #isThere(fileName: string): boolean {
    return this.#cells.modules.has(fileName) || ts.sys.fileExists(fileName);
  }
}

/** That a name of another cell is imported is our doing, and nothing to read. */
function withoutImport(signature: string): string {
  return signature.replace(/^\(alias\) ([\s\S]*)\nimport .*$/, "$1");
}

function tagText({ name, text }: ts.JSDocTagInfo): string {
  return `@${name} ${ts.displayPartsToString(text)}`.trim();
}
