import type { WidgetModel, WidgetView } from "@jupyter-widgets/base";
import type { Widget } from "@lumino/widgets";
import type { ViewSnapshot } from "../../../src/report/heatmap-state.js";
import { element } from "../core/element.js";
import { liveModel, onLiveModels } from "./live-models.js";
import { paintSnapshot } from "./snapshot.js";

/** Shows the live view of a snapshot while its model is alive, else the saved picture. */
export class LiveOrPicture {
  readonly #node: HTMLElement;
  readonly #attach: (widget: Widget) => void;
  readonly #stop = onLiveModels(() => this.#update());
  #snapshot: ViewSnapshot | undefined;
  #shown: WidgetModel | "picture" | undefined;
  #clear: () => void = () => {};
  #isDisposed = false;

  /** @param attach Puts a widget into the node, as the page's own Lumino does. */
  constructor(node: HTMLElement, attach: (widget: Widget) => void) {
    this.#node = node;
    this.#attach = attach;
  }

  async show(snapshot: ViewSnapshot): Promise<void> {
    this.#snapshot = snapshot;
    this.#shown = undefined;
    await this.#update();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#stop();
    this.#clear();
  }

  async #update(): Promise<void> {
    const snapshot = this.#snapshot;
    const wanted = liveModel(snapshot?.model_id) ?? "picture";
    if (!snapshot || this.#isDisposed || wanted === this.#shown) return;
    if (typeof this.#shown === "object")
      this.#snapshot = { ...snapshot, state: viewOf(this.#shown, snapshot) };
    this.#shown = wanted;
    this.#clear();
    this.#clear = wanted === "picture" ? this.#showPicture() : await this.#showLive(wanted);
  }

  #showPicture(): () => void {
    const gone = new AbortController();
    const el = element("div");
    this.#node.replaceChildren(el);
    try {
      paintSnapshot(el, this.#snapshot as ViewSnapshot, { signal: gone.signal, saved: true });
    } catch (error) {
      el.replaceChildren(error instanceof Error ? error.message : `${error}`);
    }
    return () => gone.abort();
  }

  async #showLive(model: WidgetModel): Promise<() => void> {
    const view: WidgetView = await model.widget_manager.create_view(model);
    if (this.#isDisposed || this.#shown !== model) {
      view.remove();
      return () => {};
    }
    this.#node.replaceChildren();
    const { luminoWidget } = view as WidgetView & { luminoWidget: Widget };
    this.#attach(luminoWidget);
    return () => luminoWidget.dispose();
  }
}

/** What the reader chose while it was live, so that the picture looks the same when the kernel goes. */
function viewOf(model: WidgetModel, snapshot: ViewSnapshot): ViewSnapshot["state"] {
  const { align, scale, glyphs, group } = model.attributes as ViewSnapshot["state"];
  return { ...snapshot.state, align, scale, glyphs, group };
}
