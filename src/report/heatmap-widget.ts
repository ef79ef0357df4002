import type { MimeBundle } from "../display.js";

/** One end of a live widget, in the kernel. */
export interface WidgetHandle {
  readonly id: string;
  get(key: string): unknown;
  set(partial: Readonly<Record<string, unknown>>): void;
  /** Calls back with what the reader changed. */
  onChange(callback: (changed: Readonly<Record<string, unknown>>) => void): unknown;
  mimeBundle(): MimeBundle;
}

interface WidgetPart {
  readonly name: string;
  readonly module: string;
  readonly version: string;
}

/** What a kernel with widgets offers. Binary values may stand anywhere in the state, as `Uint8Array`. */
export interface NotebookWidgets {
  create(options: {
    model: WidgetPart;
    view: WidgetPart;
    state: Readonly<Record<string, unknown>>;
  }): WidgetHandle;
}

/** The kernel's widgets, or `undefined` outside a notebook and in kernels without them. */
export function notebookWidgets(): NotebookWidgets | undefined {
  const widgets: unknown = Reflect.get(globalThis, Symbol.for("Jupyter.widgets"));
  const able = typeof widgets === "object" && widgets !== null && "create" in widgets;
  return able ? (widgets as NotebookWidgets) : undefined;
}
