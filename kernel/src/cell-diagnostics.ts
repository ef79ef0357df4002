import type { CellModule } from "./cell-modules.js";
import { ts } from "./typescript.js";

/** Something that TypeScript finds wrong in a cell. */
export interface CellDiagnostic {
  /** TypeScript's number of it, e.g. 2322. */
  readonly code: number;
  readonly message: string;
  /** Line in the cell, from 1. */
  readonly line: number;
  /** Column in the line, from 1, in UTF-16 units. */
  readonly column: number;
}

/** "Cannot assign to … because it is a constant, a function, …, an import": a cell can. */
const assignsToEarlier = new Set([2539, 2628, 2629, 2630, 2631, 2632]);
/** "Left side of comma operator is unused": style. */
const commaUnused = 2695;
/** "Cannot find module". */
const missingModule = 2307;
/** "Property … does not exist"; with a chain of messages when it is about one type of a union. */
const missingProperty = 2339;
/** "Argument of type … is not assignable", "No overload matches". */
const wrongArgument = new Set([2345, 2769]);
/** "… is possibly null or undefined". */
const possiblyMissing = new Set([2531, 2532, 2533, 18047, 18048, 18049]);

/**
 * What of TypeScript's findings is worth a word in a notebook, in positions of the cell.
 *
 * Left out is what a module may not do and a cell may, what only asks for more annotations (7000 to 7999: implicit
 * `any`, unused labels), and what a cell in between may have made sure of.
 */
export function cellDiagnostics(found: readonly ts.Diagnostic[], cell: CellModule): CellDiagnostic[] {
  return found.flatMap((diagnostic) => {
    const { start = 0, length = 0, code, category, file } = diagnostic;
    if (category !== ts.DiagnosticCategory.Error || !file || start < cell.start) return [];
    const text = cell.text.slice(start, start + length);
    if (!isWorthAWord(code, text, cell)) return [];
    if (mayBeNarrowed(diagnostic, text, cell)) return [];
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    return [{ code, message, ...positionIn(cell, start) }];
  });
}

function isWorthAWord(code: number, text: string, { earlier }: CellModule): boolean {
  if ((code >= 7000 && code < 8000) || code === commaUnused) return false;
  const [root = ""] = /^[\w$]+/.exec(text) ?? [];
  const origin = earlier.get(root);
  if (origin && assignsToEarlier.has(code)) return false;
  if (code === missingModule && /^["'`](?!node:)[a-z]+:/.test(text)) return false;
  return !(possiblyMissing.has(code) && origin && (origin.mutable || text !== root));
}

/**
 * Whether an earlier cell may have made sure of it: `if (outcome.status !== "ok") throw …` leaves one type of a union,
 * which the cells behind it rely on.
 */
function mayBeNarrowed({ code, start, messageText }: ts.Diagnostic, text: string, cell: CellModule): boolean {
  if (code === missingProperty) {
    const before = cell.text.slice(cell.start, start);
    const [, root = ""] = /([\w$]+)(?:\??\.[\w$]+)*\??\.\s*$/.exec(before) ?? [];
    return typeof messageText !== "string" && cell.earlier.has(root);
  }
  const [root = ""] = /^[\w$]+/.exec(text) ?? [];
  const message = ts.flattenDiagnosticMessageText(messageText, "\n");
  const lacksValue =
    wrongArgument.has(code) && /[Tt]ype '[^']*\b(undefined|null)' is not assignable/.test(message);
  return lacksValue && cell.earlier.has(root);
}

function positionIn(cell: CellModule, offset: number): { line: number; column: number } {
  const before = cell.text.slice(cell.start, offset);
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
