/**
 * How a value shows itself in a notebook. A kernel that knows the convention calls
 * `value[Symbol.for("Jupyter.display")]()` and sends the bundle that it gets; the library never
 * imports a kernel, and works without one.
 */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** The method that a notebook kernel calls to show a value. */
export const jupyterDisplay = Symbol.for("Jupyter.display");

export interface Displayable {
  [jupyterDisplay](): MimeBundle | Promise<MimeBundle>;
}

/**
 * Gives a value a display, without making it enumerable or changing its type.
 * The bundle is built when the value is shown, not before.
 */
export function displayable<T extends object>(
  value: T,
  bundle: (value: T) => MimeBundle | Promise<MimeBundle>,
): T & Displayable {
  return Object.defineProperty(value, jupyterDisplay, {
    value: () => bundle(value),
    enumerable: false,
    configurable: true,
  }) as T & Displayable;
}

/** Publishes an output of the running cell; `update` replaces the output of the same `display_id`. */
export type Publish = (
  bundle: MimeBundle,
  options?: { metadata?: Record<string, unknown>; transient?: { display_id?: string }; update?: boolean },
) => void;

/** The kernel's publish function, or `undefined` outside a notebook. */
export function notebookPublish(): Publish | undefined {
  const publish = Reflect.get(globalThis, Symbol.for("Jupyter.display.publish"));
  return typeof publish === "function" ? (publish as Publish) : undefined;
}

/** What the front end says of the running cell in its request, or `undefined` outside a notebook. */
export function notebookCellMetadata(): Readonly<Record<string, unknown>> | undefined {
  const metadata = Reflect.get(globalThis, Symbol.for("Jupyter.cell.metadata"));
  return typeof metadata === "object" && metadata !== null ? metadata : undefined;
}

/** The signal that is aborted when the running cell is interrupted, or `undefined` outside a notebook. */
export function notebookSignal(): AbortSignal | undefined {
  const signal = Reflect.get(globalThis, Symbol.for("Jupyter.signal"));
  return signal instanceof AbortSignal ? signal : undefined;
}
