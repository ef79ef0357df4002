import type { Widget } from "@lumino/widgets";
import type { ViewSnapshot } from "../../../src/report/heatmap-state.js";
import { LiveOrPicture } from "./live-or-picture.js";
import { viewMimeType } from "./snapshot.js";

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
    readonly #view = new LiveOrPicture(this.node, (widget) => Base.attach(widget, this.node));

    renderModel(model: OutputModel): Promise<void> {
      return this.#view.show(model.data[viewMimeType] as ViewSnapshot);
    }

    override dispose(): void {
      if (this.isDisposed) return;
      this.#view.dispose();
      super.dispose();
    }
  }
  return new Renderer();
}
