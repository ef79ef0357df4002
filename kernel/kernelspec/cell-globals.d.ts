/** What every cell finds in scope, besides Node's globals. */

interface DisplayHandle {
  readonly id: string;
  /** Shows another value in the same place; resolves when it is there. */
  update(value: unknown, options?: { raw?: boolean }): Promise<void>;
}

interface DisplayOptions {
  /** The value is a MIME bundle, e.g. `{"text/html": "<b>x</b>"}`. */
  raw?: boolean;
  /** Id of the output; random by default. */
  id?: string;
}

/**
 * Shows a value now: by its `Symbol.for("Jupyter.display")` method, as a table, a chart, or as text; a promise when it
 * is there, an async iterable as it comes.
 *
 * @returns A handle that can show another value in the same place.
 */
declare function display(value: unknown, options?: DisplayOptions): DisplayHandle;

declare namespace display {
  /** Shows HTML. */
  function html(text: string, options?: { id?: string }): DisplayHandle;
  /** Shows Markdown. */
  function markdown(text: string, options?: { id?: string }): DisplayHandle;
  /** Shows LaTeX, e.g. `$x^2$`. */
  function latex(text: string, options?: { id?: string }): DisplayHandle;
  /** Shows an SVG image. */
  function svg(text: string, options?: { id?: string }): DisplayHandle;
  /** Shows a value as a tree that can be opened and searched. */
  function json(value: unknown, options?: { id?: string }): DisplayHandle;
  /** Shows the bytes of a PNG, JPEG, GIF or WebP file. */
  function image(bytes: Uint8Array, options?: { id?: string }): DisplayHandle;
  /** The same values to loop over, with a bar that moves as they are taken. */
  function progress<T>(values: Iterable<T>, options?: { label?: string; total?: number }): Iterable<T>;
  function progress<T>(
    values: AsyncIterable<T>,
    options?: { label?: string; total?: number },
  ): AsyncIterable<T>;
}

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
