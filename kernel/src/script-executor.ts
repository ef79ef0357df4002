import vm from "node:vm";
import { CellInterruptError } from "./cell-error.js";
import type { CellSource } from "./cell-stacks.js";
import type { CellOutcome, ErrorReport, Executor } from "./executor.js";
import type { HoistedCell, HoistedFunction } from "./hoist.js";
import { prepareCell } from "./prepare-cell.js";
import { describeError } from "./traceback.js";

const asyncHead = '(async()=>{"use strict";';
const syncHead = '"use strict";';

/** Runs cells as scripts of the main context, after types are erased and names hoisted; see `hoist.ts`. */
export class ScriptExecutor implements Executor {
  readonly #declared = new Set<string>();
  readonly cells = new Map<string, CellSource>();
  readonly #context: vm.Context | undefined;
  #last: string | undefined;

  /** @param options.context Where cells run; by default the main context, with everything that Node has there. */
  constructor({ context }: { readonly context?: vm.Context } = {}) {
    this.#context = context;
  }

  run(code: string, name: string): CellOutcome | Promise<CellOutcome> {
    this.#last = name;
    this.cells.set(name, { text: code, original: (position) => position });
    const cell = prepareCell(code);
    this.cells.set(name, { text: code, original: cell.original });
    this.#declare(cell.names, name);
    for (const hoisted of cell.functions) this.#runFunction(hoisted, name);
    const { showsResult } = cell;
    const value = this.#runBody(cell, name);
    if (!cell.async) return { value, showsResult };
    return (value as Promise<unknown>).then((settled) => ({ value: settled, showsResult }));
  }

  describe(error: unknown): ErrorReport {
    return describeError(error, this.cells, this.#last);
  }

  /** Makes the bindings of names that no cell had; one that hides a global starts as that. */
  #declare(names: readonly string[], cell: string): void {
    const fresh = names.filter((name) => !this.#declared.has(name));
    if (fresh.length === 0) return;
    const bindings = fresh.map((name) =>
      name in globalThis ? `${name}=globalThis[${JSON.stringify(name)}]` : name,
    );
    // Under another name, as a debugger has no business there.
    this.#runScript(`let ${bindings.join()};`, { filename: `names of ${cell}` });
    for (const name of fresh) this.#declared.add(name);
  }

  #runFunction({ code, position, lead }: HoistedFunction, filename: string): void {
    this.#runScript(syncHead + code, {
      filename,
      lineOffset: position.line - 1,
      columnOffset: position.column - 1 - lead - syncHead.length,
    });
  }

  #runBody(cell: HoistedCell, filename: string): unknown {
    if (!cell.async)
      return this.#runScript(syncHead + cell.code, { filename, columnOffset: -syncHead.length });
    const code = `${asyncHead}${cell.code}\n})()`;
    return this.#runScript(code, { filename, columnOffset: -asyncHead.length });
  }

  #runScript(code: string, options: vm.ScriptOptions): unknown {
    const script = new vm.Script(code, {
      ...options,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const how = { breakOnSigint: true, displayErrors: false };
    try {
      return this.#context ? script.runInContext(this.#context, how) : script.runInThisContext(how);
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED") {
        throw new CellInterruptError();
      }
      throw error;
    }
  }
}
