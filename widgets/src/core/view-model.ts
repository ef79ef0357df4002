/**
 * The one port between a view and what holds it: the model part of the anywidget interface. A Jupyter
 * widget model has it already; where no kernel is, {@link memoryModel} stands in.
 */
export interface ViewModel<S extends object> {
  get<K extends keyof S & string>(key: K): S[K];
  set<K extends keyof S & string>(key: K, value: S[K]): void;
  /** Sends what was set to the kernel. */
  save_changes(): void;
  on(event: `change:${keyof S & string}`, callback: () => void): void;
  off(event: `change:${keyof S & string}`, callback: () => void): void;
}

/** A view as a module: paints `model` into `el` and lets go of everything when `signal` aborts. */
export interface ViewModule<S extends object> {
  render(context: RenderContext<S>): void;
}

export interface RenderContext<S extends object> {
  readonly model: ViewModel<S>;
  readonly el: HTMLElement;
  readonly signal: AbortSignal;
  /** Whether a kernel stands behind the model, or it is a picture kept in a notebook; else nothing is said. */
  readonly status?: "live" | "saved" | undefined;
}

/** A model that lives in the page alone. */
export function memoryModel<S extends object>(state: S): ViewModel<S> {
  const values = { ...state };
  const listeners = new Map<string, Set<() => void>>();
  return {
    get: (key) => values[key],
    set(key, value) {
      if (Object.is(values[key], value)) return;
      values[key] = value;
      for (const listener of [...(listeners.get(`change:${key}`) ?? [])]) listener();
    },
    save_changes() {},
    on(event, callback) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(callback));
    },
    off(event, callback) {
      listeners.get(event)?.delete(callback);
    },
  };
}

/** Calls back on changes of any of the keys until `signal` aborts. */
export function onChange<S extends object>(
  model: ViewModel<S>,
  keys: readonly (keyof S & string)[],
  options: { signal: AbortSignal; callback: () => void },
): void {
  for (const key of keys) {
    model.on(`change:${key}`, options.callback);
    options.signal.addEventListener("abort", () => model.off(`change:${key}`, options.callback));
  }
}
