import type { CellSources } from "./cell-stacks.js";
import type { Json } from "./messages.js";

/** What a cell gave. */
export interface CellOutcome {
  /** Value of the last expression, maybe a promise of it. */
  readonly value: unknown;
  /** Whether the cell ends in an expression, so that the value is to be shown. */
  readonly showsResult: boolean;
}

/** An error as the front end wants it. */
export interface ErrorReport extends Json {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** Runs cells; the one seam between the kernel and the engine behind it. */
export interface Executor {
  /** The cells that ran, for the stacks of their errors. */
  readonly cells: CellSources;
  /**
   * Starts a cell; its first synchronous part has run when this returns. A cell that waits gives a promise.
   *
   * @param name File name of the cell in stack traces, e.g. `cell-3.ts`.
   * @throws What the cell throws, and a `SyntaxError` when it does not parse.
   */
  run(code: string, name: string): CellOutcome | Promise<CellOutcome>;
  /** Describes what a cell threw, with positions in the cells as they were typed. */
  describe(error: unknown): ErrorReport;
}
