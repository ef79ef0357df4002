import { CellSyntaxError } from "./cell-error.js";
import { type ErasedCell, stripTypes, transpile } from "./erase.js";
import { type HoistedCell, hoist } from "./hoist.js";

/**
 * Turns the TypeScript of one cell into what the script executor runs: types erased, names hoisted.
 *
 * The quick way is tried first; a cell that it cannot take goes through TypeScript, whose report of a syntax error is
 * also the better one.
 *
 * @throws {CellSyntaxError} When the cell does not parse.
 */
export function prepareCell(source: string): HoistedCell {
  const erased = strippedOrUndefined(source);
  if (erased) return erased;
  return hoistErased(transpile(source));
}

function strippedOrUndefined(source: string): HoistedCell | undefined {
  const literal = `(${source})`;
  if (/^\s*\{[\s\S]*\}\s*$/.test(source)) {
    const asValue = attempt(() => hoistErased(stripTypes(literal)));
    if (asValue) return { ...asValue, original: (at) => shiftFirstLine(asValue.original(at)) };
  }
  return attempt(() => hoistErased(stripTypes(source)));
}

function shiftFirstLine({ line, column }: { line: number; column: number }) {
  return { line, column: line === 1 ? Math.max(1, column - 1) : column };
}

function hoistErased(erased: ErasedCell): HoistedCell {
  const hoisted = hoistOrExplain(erased);
  return {
    ...hoisted,
    showsResult: erased.showsResult ?? hoisted.showsResult,
    original: (position) => erased.original(hoisted.original(position)),
  };
}

function hoistOrExplain(erased: ErasedCell): HoistedCell {
  try {
    return hoist(erased.code, erased.merged);
  } catch (error) {
    const at = (error as { loc?: { line: number; column: number } }).loc;
    if (!(error instanceof SyntaxError) || !at) throw error;
    const message = error.message.replace(/ \(\d+:\d+\)$/, "");
    throw new CellSyntaxError(message, erased.original({ line: at.line, column: at.column + 1 }));
  }
}

/** Any failure of the quick way means only that the slow way has to be tried; that one reports. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
