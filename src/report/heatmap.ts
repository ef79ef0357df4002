import { type Displayable, jupyterDisplay, type MimeBundle } from "../display.js";
import type { LatentExamples } from "../examples/example.js";
import type { Explanation } from "../explain/explainer.js";
import { heatmapHtml, heatmapText } from "./heatmap-html.js";
import { heatmapPage } from "./heatmap-page.js";
import { type HeatmapSplit, heatmapRows } from "./heatmap-rows.js";
import { heatmapScript, snapshotFigure } from "./heatmap-script.js";
import {
  checkView,
  defaultView,
  type HeatmapState,
  type HeatmapView,
  heatmapState,
  type ViewSnapshot,
  viewMimeType,
} from "./heatmap-state.js";
import { notebookWidgets, type WidgetHandle } from "./heatmap-widget.js";
import { inVsCode } from "./in-vs-code.js";

export interface HeatmapOptions {
  /** Shown beside the latent's name. */
  readonly explanation?: string | Pick<Explanation, "text"> | undefined;
  /** What kind of latent it is, of `traitLabels`, or the `labels` of an interpretation: shown among the facts. */
  readonly traits?: readonly string[] | undefined;
  /** Examples for explainers, for scorers, or both. Default: `both`. */
  readonly split?: HeatmapSplit | undefined;
  /** At most so many windows of each quantile, and of the non-activating ones. Default: all. */
  readonly limit?: number | undefined;
  /** How it opens: alignment, scale, glyphs, group. */
  readonly view?: Partial<HeatmapView> | undefined;
}

/** Bytes that the picture kept in a notebook may have. */
export const snapshotLimit = 300_000;

/**
 * A latent's windows, shaded by activation. In a notebook it is a live widget, in VS Code a picture that the
 * reader can arrange but the kernel hears nothing of; saved, it keeps a picture that JupyterLab paints with
 * no kernel, and plain HTML for readers that know neither.
 */
export class Heatmap implements Displayable {
  readonly examples: LatentExamples;
  readonly #options: HeatmapOptions;
  readonly #listeners = new Set<(view: HeatmapView) => void>();
  #state: HeatmapState;
  #widget: WidgetHandle | undefined;

  constructor(examples: LatentExamples, options: HeatmapOptions = {}) {
    this.examples = examples;
    this.#options = options;
    this.#state = this.#stateOf(heatmapRows(examples, options));
  }

  /** What is shown now, the reader's choices included. */
  get state(): HeatmapState {
    return this.#state;
  }

  /**
   * Changes the view, on the screen too where it is live.
   *
   * @throws {RangeError} If a key or a value is not one of the view's.
   */
  set(view: Partial<HeatmapView>): void {
    checkView(view, this.#state.groups);
    this.#state = { ...this.#state, ...view };
    this.#widget?.set(view);
  }

  /** Calls `listener` when the reader changes the view. Returns a function that stops it. */
  onChange(listener: (view: HeatmapView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The picture without a kernel: state and windows.
   *
   * @param options.maxBytes Of its JSON; windows are left out evenly until it fits. Default: {@link snapshotLimit}.
   */
  snapshot(options: { maxBytes?: number | undefined } = {}): ViewSnapshot {
    const { maxBytes = snapshotLimit } = options;
    let limit = Math.max(1, ...this.#state.groups.map((group) => group.count));
    for (;;) {
      const snapshot = this.#snapshotOf(limit);
      if (limit <= 1 || JSON.stringify(snapshot).length <= maxBytes) return snapshot;
      limit = Math.floor(limit * 0.7);
    }
  }

  /** What a notebook is sent. Makes the live widget the first time, where the kernel has widgets. */
  async [jupyterDisplay](): Promise<MimeBundle> {
    const explanation = this.#state.explanation ?? undefined;
    const { split, traits } = this.#options;
    const vsCode = inVsCode();
    if (!vsCode) this.#widget ??= this.#openWidget();
    const snapshot = this.snapshot();
    const picture = heatmapHtml(this.examples, { explanation, traits, split });
    return {
      ...this.#widget?.mimeBundle(),
      [viewMimeType]: snapshot,
      "text/html": vsCode
        ? `${snapshotFigure(picture, snapshot)}<script>${await heatmapScript()}</script>`
        : picture,
      "text/plain": heatmapText(this.examples, { explanation, traits, split }),
    };
  }

  #openWidget(): WidgetHandle | undefined {
    const part = { module: "@saelab/widgets", version: "0.1.0" };
    const widget = notebookWidgets()?.create({
      model: { name: "HeatmapModel", ...part },
      view: { name: "HeatmapWidgetView", ...part },
      state: { ...this.#state, page: heatmapPage(heatmapRows(this.examples, this.#options).rows) },
    });
    widget?.onChange((changed) => this.#changed(changed));
    return widget;
  }

  #changed(changed: Readonly<Record<string, unknown>>): void {
    const view = Object.fromEntries(Object.entries(changed).filter(([key]) => key in defaultView));
    if (Object.keys(view).length === 0) return;
    this.#state = { ...this.#state, ...view };
    for (const listener of this.#listeners) listener(this.#state);
  }

  #stateOf(rows: ReturnType<typeof heatmapRows>): HeatmapState {
    const { explanation, traits, view } = this.#options;
    const text = typeof explanation === "object" ? explanation.text : explanation;
    return heatmapState(this.examples, rows, { explanation: text, traits, view });
  }

  #snapshotOf(limit: number): ViewSnapshot {
    const rows = heatmapRows(this.examples, { ...this.#options, limit });
    const page = Buffer.from(heatmapPage(rows.rows)).toString("base64");
    const id = this.#widget?.id;
    const state = { ...this.#state, groups: rows.groups };
    return { v: 1, kind: "heatmap", ...(id === undefined ? {} : { model_id: id }), state, page };
  }
}

/** Shows a latent's windows as a heatmap of its activations. */
export function heatmap(examples: LatentExamples, options: HeatmapOptions = {}): Heatmap {
  return new Heatmap(examples, options);
}
