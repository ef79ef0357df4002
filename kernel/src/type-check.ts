import type { CellDiagnostic } from "./cell-diagnostics.js";
import { codeFrame } from "./code-frame.js";
import type { ErrorReport } from "./executor.js";

const modes = ["warn", "error", "off"] as const;

/** Errors of type are printed beside the output (`warn`), stop the cell before it runs (`error`), or are not looked for. */
export type TypeCheckMode = (typeof modes)[number];

/** Errors that one report shows. */
const maxShown = 10;

/** @throws {RangeError} When there is no such mode. */
export function typeCheckMode(value: unknown): TypeCheckMode {
  const mode = modes.find((known) => known === value);
  if (mode) return mode;
  throw new RangeError(`Cannot check types with "${value}": choose "${modes.join('", "')}"`);
}

/** What the cell prints on stderr in mode `warn`. */
export function typeWarning(found: readonly CellDiagnostic[], cell: { name: string; code: string }): string {
  return `${lines(found, cell).join("\n")}\n`;
}

/** Why the cell does not run in mode `error`. */
export function typeError(
  found: readonly CellDiagnostic[],
  cell: { name: string; code: string },
): ErrorReport {
  const [first] = found;
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : "";
  return { ename: "TypeCheckError", evalue: `${first?.message}${more}`, traceback: lines(found, cell) };
}

function lines(found: readonly CellDiagnostic[], { name, code }: { name: string; code: string }): string[] {
  const shown = found.slice(0, maxShown).flatMap((diagnostic) => {
    const [place, ...frame] = codeFrame(code, { file: name, ...diagnostic });
    return [`${place} TS${diagnostic.code}: ${diagnostic.message}`, ...frame];
  });
  return found.length > maxShown ? [...shown, `and ${found.length - maxShown} more errors of type`] : shown;
}
