import type { LatentExamples } from "../examples/example.js";
import { Heatmap, type HeatmapOptions } from "./heatmap.js";
import { heatmapHtml } from "./heatmap-html.js";
import { snapshotFigure } from "./heatmap-script.js";

export interface HeatmapFigureOptions extends HeatmapOptions {
  /** Bytes that the data of the figure may have. Default: 300 kB. */
  readonly maxBytes?: number | undefined;
}

/**
 * A heatmap for a page that is opened without a server: the plain picture, and the data from which the
 * script of `heatmapScript` makes it interactive. Without the script the picture stays.
 */
export function heatmapFigure(examples: LatentExamples, options: HeatmapFigureOptions = {}): string {
  const heatmap = new Heatmap(examples, options);
  const explanation = heatmap.state.explanation ?? undefined;
  const picture = heatmapHtml(examples, { explanation, split: options.split });
  return snapshotFigure(picture, heatmap.snapshot({ maxBytes: options.maxBytes }));
}
