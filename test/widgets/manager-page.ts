/// <reference path="../../widgets/src/css.d.ts" />
/**
 * A page with the real widget manager of Jupyter and a comm that only remembers what is sent: what stands
 * between our widget and a kernel, without the kernel. Bundled and opened by `heatmap-widget.test.ts`.
 */
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import { Widget } from "@lumino/widgets";
import type { ViewSnapshot } from "../../src/report/heatmap-state.js";
import { mimeExtension } from "../../widgets/src/hosts/mime.js";
import { viewMimeType } from "../../widgets/src/hosts/snapshot.js";
import { widgetExports } from "../../widgets/src/hosts/widget.js";

type Callback = (message: unknown) => void;

/** Answers every message at once, as a kernel does that is idle. */
class MemoryComm {
  readonly target_name = "jupyter.widget";
  readonly sent: { data: { method?: string; state?: object }; buffers: number }[] = [];
  #message: Callback = () => {};
  #close: Callback = () => {};
  readonly comm_id: string;

  constructor(id: string) {
    this.comm_id = id;
  }

  open(): string {
    return "";
  }

  send(data: object, callbacks?: base.ICallbacks, _metadata?: object, buffers: unknown[] = []): string {
    this.sent.push({ data, buffers: buffers.length });
    const idle = { content: { execution_state: "idle" } };
    setTimeout(() => callbacks?.iopub?.status?.(idle as never));
    return `message-${this.sent.length}`;
  }

  close(): string {
    this.#close({});
    return "";
  }

  on_msg(callback: Callback): void {
    this.#message = callback;
  }

  on_close(callback: Callback): void {
    this.#close = callback;
  }

  /** What a kernel would say. */
  receive(state: object): void {
    this.#message({ content: { data: { method: "update", state } }, buffers: [], parent_header: {} });
  }
}

class Manager extends ManagerBase {
  readonly comms = new Map<string, MemoryComm>();

  protected override async loadClass(className: string, module: string) {
    const ours = widgetExports(base, { name: "@saelab/widgets", version: "0.1.0" });
    const found = module === "@saelab/widgets" ? ours : base;
    return Reflect.get(found, className) as never;
  }

  override async _create_comm(_target: string, id: string): Promise<base.IClassicComm> {
    return this.#comm(id) as unknown as base.IClassicComm;
  }

  override async _get_comm_info(): Promise<Record<string, never>> {
    return {};
  }

  /** As when the kernel opens the widget's comm. */
  async open(id: string, state: object): Promise<base.DOMWidgetModel> {
    const part = { model_module: "@saelab/widgets", model_module_version: "0.1.0" };
    const comm = this.#comm(id) as unknown as base.IClassicComm;
    const options = { ...part, model_name: "HeatmapModel", model_id: id, comm };
    const layout = await this.new_model(layoutOptions(`${id}-layout`), {});
    const model = await this.new_model(options, { ...state, layout: `IPY_MODEL_${layout.model_id}` });
    return model as base.DOMWidgetModel;
  }

  async show(model: base.DOMWidgetModel): Promise<base.DOMWidgetView> {
    const view = await this.create_view(model);
    Widget.attach(view.luminoWidget, document.body);
    return view;
  }

  #comm(id: string): MemoryComm {
    const comm = this.comms.get(id) ?? new MemoryComm(id);
    this.comms.set(id, comm);
    return comm;
  }
}

function layoutOptions(id: string) {
  const part = { model_module: "@jupyter-widgets/base", model_module_version: "2.0.0" };
  return { ...part, model_name: "LayoutModel", model_id: id };
}

/** Bytes as a message of the kernel brings them: a view on a buffer. */
function bytes(base64: string): DataView {
  return new DataView(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

function liveState(snapshot: ViewSnapshot): object {
  return { ...snapshot.state, page: bytes(snapshot.page) };
}

function picture(snapshot: ViewSnapshot): Widget {
  const { rendererFactory } = mimeExtension({ Widget }, "test");
  const renderer = rendererFactory.createRenderer();
  Widget.attach(renderer, document.body);
  void renderer.renderModel({ data: { [viewMimeType]: snapshot } });
  return renderer;
}

/** Number of callbacks that wait for changes of a model. */
function listeners(model: base.DOMWidgetModel): number {
  const events = (model as unknown as { _events: Record<string, unknown[]> })._events;
  const changes = Object.entries(events).filter(([event]) => event.startsWith("change"));
  return changes.reduce((sum, [, list]) => sum + list.length, 0);
}

const host = { Manager, liveState, bytes, picture, listeners };
export type Host = typeof host;
Reflect.set(window, "host", host);
