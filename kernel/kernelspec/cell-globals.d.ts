/** What every cell finds in scope, besides Node's globals. */

interface DisplayHandle {
  readonly id: string;
  /** Shows another value in the same place. */
  update(value: unknown, options?: { raw?: boolean }): Promise<void>;
}

/**
 * Shows a value now: by its `Symbol.for("Jupyter.display")` method, as a table, or as text.
 *
 * With `raw`, the value is a MIME bundle, e.g. `{"text/html": "<b>x</b>"}`.
 */
declare function display(
  value: unknown,
  options?: { raw?: boolean; displayId?: string },
): Promise<DisplayHandle>;

/** Removes the cell's output; with `wait`, only when the next output comes. */
declare function clearOutput(options?: { wait?: boolean }): void;

/** What other kernels have magics for. */
declare const kernel: {
  /**
   * What happens with errors of type, from the next cell on: they are printed beside the output (`warn`, as at the
   * start), stop the cell before it runs (`error`), or are not looked for (`off`).
   */
  typeCheck(mode: "warn" | "error" | "off"): void;
  /** How many characters one cell may print, and one value may be shown with, from now on; 5,000,000 at the start. */
  outputLimit(characters: number): void;
};

/** Asks the user for a line of text. */
declare function input(prompt?: string, options?: { password?: boolean }): Promise<string>;

/** Shows a value in the front end's pager, when the cell has run. */
declare function page(value: unknown): Promise<void>;
