import type { ErrorReport } from "./executor.js";
import type { Position } from "./source-edits.js";

/** A cell that does not parse; shown with its own line and no stack. */
export class CellSyntaxError extends SyntaxError {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.name = "SyntaxError";
    this.position = position;
  }
}

/** The user interrupted the cell. */
export class CellInterruptError extends Error {
  constructor() {
    super("The cell was interrupted; variables keep what they had");
    this.name = "InterruptError";
  }
}

/** What the front end shows of an error that no cell has thrown. */
export function plainReport(ename: string, evalue: string): ErrorReport {
  return { ename, evalue, traceback: [`${ename}: ${evalue}`] };
}
