import type { WidgetModel, WidgetView } from "@jupyter-widgets/base";
import type { Widget } from "@lumino/widgets";
import type { ViewSnapshot } from "../../../src/report/heatmap-state.js";
import { element } from "../core/element.js";
import { liveModel, onLiveModels } from "./live-models.js";
import { paintSnapshot, viewMimeType } from "./snapshot.js";

/** The part of JupyterLab's output model that we read. */
interface OutputModel {
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Before the renderer of `widget-view+json`, which has -10: that one shows an error text where no kernel
 * is; ours paints the picture and puts the live view in its place when its model is there.
 */
export const mimeRank = -11;

/** JupyterLab's description of our renderer, over its own copy of Lumino. */
export function mimeExtension(lumino: { Widget: typeof Widget }, id: string) {
  const rendererFactory = {
    // Token texts become text nodes and nothing in a snapshot is run, so untrusted outputs are painted too.
    safe: true,
    mimeTypes: [viewMimeType],
    createRenderer: () => makeRenderer(lumino.Widget),
  };
  return { id, rendererFactory, rank: mimeRank, dataType: "json" as const };
}

function makeRenderer(Base: typeof Widget): Widget & { renderModel(model: OutputModel): Promise<void> } {
  class Renderer extends Base {
    #snapshot: ViewSnapshot | undefined;
    #shown: WidgetModel | "picture" | undefined;
    #clear: () => void = () => {};
    readonly #stop = onLiveModels(() => this.#update());

    async renderModel(model: OutputModel): Promise<void> {
      this.#snapshot = model.data[viewMimeType] as ViewSnapshot;
      this.#shown = undefined;
      await this.#update();
    }

    override dispose(): void {
      if (this.isDisposed) return;
      this.#stop();
      this.#clear();
      super.dispose();
    }

    /** Shows the live view if its model is alive, else the picture. */
    async #update(): Promise<void> {
      const snapshot = this.#snapshot;
      const wanted = liveModel(snapshot?.model_id) ?? "picture";
      if (!snapshot || this.isDisposed || wanted === this.#shown) return;
      if (typeof this.#shown === "object")
        this.#snapshot = { ...snapshot, state: viewOf(this.#shown, snapshot) };
      this.#shown = wanted;
      this.#clear();
      this.#clear = wanted === "picture" ? this.#showPicture() : await this.#showLive(wanted);
    }

    #showPicture(): () => void {
      const gone = new AbortController();
      const el = element("div");
      this.node.replaceChildren(el);
      try {
        paintSnapshot(el, this.#snapshot as ViewSnapshot, { signal: gone.signal, saved: true });
      } catch (error) {
        el.replaceChildren(error instanceof Error ? error.message : `${error}`);
      }
      return () => gone.abort();
    }

    async #showLive(model: WidgetModel): Promise<() => void> {
      const view: WidgetView = await model.widget_manager.create_view(model);
      if (this.isDisposed || this.#shown !== model) {
        view.remove();
        return () => {};
      }
      this.node.replaceChildren();
      const { luminoWidget } = view as WidgetView & { luminoWidget: Widget };
      Base.attach(luminoWidget, this.node);
      return () => luminoWidget.dispose();
    }
  }
  return new Renderer();
}

/** What the reader chose while it was live, so that the picture looks the same when the kernel goes. */
function viewOf(model: WidgetModel, snapshot: ViewSnapshot): ViewSnapshot["state"] {
  const { align, scale, glyphs, group } = model.attributes as ViewSnapshot["state"];
  return { ...snapshot.state, align, scale, glyphs, group };
}
