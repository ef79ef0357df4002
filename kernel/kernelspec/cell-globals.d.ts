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

/** Asks the user for a line of text. */
declare function input(prompt?: string, options?: { password?: boolean }): Promise<string>;
