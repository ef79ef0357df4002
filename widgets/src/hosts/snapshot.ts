import type { ViewSnapshot } from "../../../src/report/heatmap-state.js";
import { memoryModel } from "../core/view-model.js";
import { type HeatmapModelState, render } from "../views/heatmap/heatmap.js";

/** Media type of the picture that the library writes beside a live widget. */
export const viewMimeType = "application/vnd.saelab.view+json";

export interface PaintOptions {
  readonly signal: AbortSignal;
  /** Say that this is a saved picture, as in a notebook without a kernel. */
  readonly saved?: boolean;
}

/**
 * Paints a snapshot.
 *
 * @throws {TypeError} If it is of a later version or of an unknown kind.
 */
export function paintSnapshot(el: HTMLElement, snapshot: ViewSnapshot, options: PaintOptions): void {
  if (snapshot.v !== 1 || snapshot.kind !== "heatmap") {
    const found = `kind "${snapshot.kind}", version ${snapshot.v}`;
    throw new TypeError(
      `Cannot paint this view: found ${found}, wanted a heatmap of version 1; update saelab`,
    );
  }
  const model = memoryModel<HeatmapModelState>({ ...snapshot.state, page: snapshot.page });
  render({ model, el, signal: options.signal, status: options.saved ? "saved" : undefined });
}
