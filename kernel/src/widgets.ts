/** Jupyter widgets: models that the kernel and all front ends keep in step over comms (protocol 2.1). */

import type { BufferPath } from "./buffer-paths.js";
import { joinBuffers, splitBuffers } from "./buffer-paths.js";
import type { Comm, CommMessage, CommRegistry } from "./comms.js";
import type { Header, Json, MimeBundle } from "./messages.js";
import { displaySymbol } from "./mime-bundle.js";

/** Where the library finds the widgets without importing the kernel. */
export const widgetsSymbol = Symbol.for("Jupyter.widgets");

/** Name of a class of the front end. */
export interface WidgetClass {
  readonly name: string;
  readonly module: string;
  readonly version: string;
}

/** What makes a widget. */
export interface WidgetOptions {
  readonly model: WidgetClass;
  readonly view: WidgetClass;
  /** JSON values, and bytes (`Uint8Array`) anywhere in them. */
  readonly state?: Json;
  /** More binary state, by key. */
  readonly buffers?: Readonly<Record<string, Uint8Array>>;
}

type State = Record<string, unknown>;
type ChangeCallback = (changed: Json, state: Json) => void;
type WidgetMessageCallback = (content: unknown, buffers: readonly Uint8Array[]) => void;

/** A live widget. */
export class Widget {
  readonly #comm: Comm;
  readonly #model: WidgetClass;
  readonly #changeCallbacks: ChangeCallback[] = [];
  readonly #messageCallbacks: WidgetMessageCallback[] = [];
  #state: State;

  /** Use `Widgets.create()`. */
  constructor(comm: Comm, model: WidgetClass, state: State) {
    this.#comm = comm;
    this.#model = model;
    this.#state = state;
    comm.onMessage((message, parent) => this.#receive(message, parent));
  }

  /** Id of the model, which is that of its comm. */
  get id(): string {
    return this.#comm.id;
  }

  /** The whole state as the kernel knows it. */
  get state(): Json {
    return this.#state;
  }

  /** The class of the model. */
  get model(): WidgetClass {
    return this.#model;
  }

  /** Changes some of the state here and in all front ends. */
  set(changed: Json): void {
    this.#state = { ...this.#state, ...changed };
    this.#update("update", changed);
  }

  /** Calls back after a front end changed the state. */
  onChange(callback: ChangeCallback): void {
    this.#changeCallbacks.push(callback);
  }

  /** Calls back for every custom message. */
  onMessage(callback: WidgetMessageCallback): void {
    this.#messageCallbacks.push(callback);
  }

  /** Sends a custom message. */
  send(content: unknown, buffers: readonly Uint8Array[] = []): void {
    this.#comm.send({ method: "custom", content }, { buffers });
  }

  /** Closes the widget in all front ends. */
  close(): void {
    this.#comm.close();
  }

  /** What shows the widget; add `text/plain` and a static picture for those without a kernel. */
  mimeBundle(): MimeBundle {
    return {
      "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: this.id },
    };
  }

  /** Shows the widget as a cell's value. */
  [displaySymbol](): MimeBundle {
    return { ...this.mimeBundle(), "text/plain": `[${this.#model.name}]` };
  }

  #update(method: "update" | "echo_update", changed: Json, parent?: Header): void {
    const { state, bufferPaths, buffers } = splitBuffers(changed);
    this.#comm.send({ method, state, buffer_paths: bufferPaths }, { buffers, ...(parent && { parent }) });
  }

  #receive({ data, buffers }: CommMessage, parent: Header): void {
    const { method, state, buffer_paths, content } = data as Json;
    if (method === "request_state") {
      this.#update("update", this.#state, parent);
      return;
    }
    if (method === "custom") {
      for (const callback of this.#messageCallbacks) callback(content, buffers);
      return;
    }
    if (method !== "update") return;
    const paths = (buffer_paths ?? []) as BufferPath[];
    const changed = joinBuffers({ ...(state as State) }, paths, buffers);
    this.#state = { ...this.#state, ...changed };
    this.#update("echo_update", changed, parent);
    for (const callback of this.#changeCallbacks) callback(changed, this.#state);
  }
}

/** Makes widgets, and answers front ends that come later. */
export class Widgets {
  readonly #comms: CommRegistry;
  readonly #live = new Map<string, Widget>();

  constructor(comms: CommRegistry) {
    this.#comms = comms;
    comms.registerTarget("jupyter.widget.control", (comm) => {
      comm.onMessage(({ data }) => {
        if ((data as Json).method === "request_states") this.#sendStates(comm);
      });
    });
  }

  /** Makes a widget with a layout of its own and opens its comm. */
  create({ model, view, state, buffers }: WidgetOptions): Widget {
    const layout = this.#open(layoutClasses, {});
    return this.#open({ model, view }, { ...domDefaults(layout.id), ...state, ...buffers });
  }

  #open({ model, view }: { model: WidgetClass; view: WidgetClass }, state: Json): Widget {
    const classes = { ...classState("model", model), ...classState("view", view) };
    const whole = { ...classes, _view_count: null, ...state };
    const split = splitBuffers(whole);
    const comm = this.#comms.open("jupyter.widget", {
      data: { state: split.state, buffer_paths: split.bufferPaths },
      buffers: split.buffers,
      metadata: { version: "2.1.0" },
    });
    const widget = new Widget(comm, model, whole);
    this.#live.set(widget.id, widget);
    comm.onClose(() => this.#live.delete(widget.id));
    return widget;
  }

  #sendStates(comm: Comm): void {
    const states: Record<string, unknown> = {};
    const bufferPaths: BufferPath[] = [];
    const buffers: Uint8Array[] = [];
    for (const [id, widget] of this.#live) {
      const { name, module, version } = widget.model;
      const split = splitBuffers(widget.state);
      states[id] = {
        model_name: name,
        model_module: module,
        model_module_version: version,
        state: split.state,
      };
      bufferPaths.push(...split.bufferPaths.map((path) => [id, "state", ...path]));
      buffers.push(...split.buffers);
    }
    comm.send({ method: "update_states", states, buffer_paths: bufferPaths }, { buffers });
  }
}

const base = { module: "@jupyter-widgets/base", version: "2.0.0" };
const layoutClasses = { model: { ...base, name: "LayoutModel" }, view: { ...base, name: "LayoutView" } };

function classState(role: "model" | "view", { name, module, version }: WidgetClass): Json {
  return { [`_${role}_name`]: name, [`_${role}_module`]: module, [`_${role}_module_version`]: version };
}

function domDefaults(layoutId: string): Json {
  return { _dom_classes: [], layout: `IPY_MODEL_${layoutId}`, tabbable: null, tooltip: null };
}
