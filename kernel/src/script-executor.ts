import vm from "node:vm";
import { CellInterruptError } from "./cell-error.js";
import type { CellOutcome, ErrorReport, Executor } from "./executor.js";
import type { HoistedCell, HoistedFunction } from "./hoist.js";
import { prepareCell } from "./prepare-cell.js";
import { type CellSource, describeError } from "./traceback.js";

const asyncHead = '(async()=>{"use strict";';
const syncHead = '"use strict";';

/** Runs cells as scripts of the main context, after types are erased and names hoisted; see `hoist.ts`. */
export class ScriptExecutor implements Executor {
  readonly #declared = new Set<string>();
  readonly #cells = new Map<string, CellSource>();
  #last: string | undefined;

  run(code: string, name: string): CellOutcome | Promise<CellOutcome> {
    this.#last = name;
    this.#cells.set(name, { text: code, original: (position) => position });
    const cell = prepareCell(code);
    this.#cells.set(name, { text: code, original: cell.original });
    this.#declare(cell.names, name);
    for (const hoisted of cell.functions) runFunction(hoisted, name);
    const { showsResult } = cell;
    const value = runBody(cell, name);
    if (!cell.async) return { value, showsResult };
    return (value as Promise<unknown>).then((settled) => ({ value: settled, showsResult }));
  }

  describe(error: unknown): ErrorReport {
    return describeError(error, this.#cells, this.#last);
  }

  /** Makes the bindings of names that no cell had; one that hides a global starts as that. */
  #declare(names: readonly string[], cell: string): void {
    const fresh = names.filter((name) => !this.#declared.has(name));
    if (fresh.length === 0) return;
    const bindings = fresh.map((name) =>
      name in globalThis ? `${name}=globalThis[${JSON.stringify(name)}]` : name,
    );
    runScript(`let ${bindings.join()};`, { filename: cell });
    for (const name of fresh) this.#declared.add(name);
  }
}

function runFunction({ code, position, lead }: HoistedFunction, filename: string): void {
  runScript(syncHead + code, {
    filename,
    lineOffset: position.line - 1,
    columnOffset: position.column - 1 - lead - syncHead.length,
  });
}

function runBody(cell: HoistedCell, filename: string): unknown {
  if (!cell.async) return runScript(syncHead + cell.code, { filename, columnOffset: -syncHead.length });
  const code = `${asyncHead}${cell.code}\n})()`;
  return runScript(code, { filename, columnOffset: -asyncHead.length });
}

function runScript(
  code: string,
  options: { filename: string; lineOffset?: number; columnOffset?: number },
): unknown {
  const script = new vm.Script(code, {
    ...options,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  try {
    return script.runInThisContext({ breakOnSigint: true, displayErrors: false });
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED")
      throw new CellInterruptError();
    throw error;
  }
}
