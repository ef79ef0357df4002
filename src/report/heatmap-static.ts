import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../errors.js";
import type { LatentExamples } from "../examples/example.js";
import { packageRoot } from "../package-root.js";
import { Heatmap, type HeatmapOptions } from "./heatmap.js";
import { heatmapHtml } from "./heatmap-html.js";
import { viewMimeType } from "./heatmap-state.js";

export interface HeatmapFigureOptions extends HeatmapOptions {
  /** Bytes that the data of the figure may have. Default: 300 kB. */
  readonly maxBytes?: number | undefined;
}

/**
 * A heatmap for a page that is opened without a server: the plain picture, and the data from which the
 * script of {@link heatmapScript} makes it interactive. Without the script the picture stays.
 */
export function heatmapFigure(examples: LatentExamples, options: HeatmapFigureOptions = {}): string {
  const heatmap = new Heatmap(examples, options);
  const explanation = heatmap.state.explanation ?? undefined;
  const json = JSON.stringify(heatmap.snapshot({ maxBytes: options.maxBytes })).replaceAll("<", "\\u003c");
  const picture = heatmapHtml(examples, { explanation, split: options.split });
  return `<figure data-saelab-view>${picture}<script type="${viewMimeType}">${json}</script></figure>`;
}

/**
 * The script that brings the figures of a page to life: inline it once, after the last figure, as
 * `<script>…</script>`. It asks nothing of the network.
 *
 * @throws {FileError} If the widgets are not built.
 */
export async function heatmapScript(): Promise<string> {
  const path = join(packageRoot(), "widgets", "dist", "static.js");
  try {
    return (await readFile(path, "utf8")).replaceAll("</script", "<\\/script");
  } catch (cause) {
    const message = `Cannot read the heatmap script "${path}": the widgets are not built; run npm run build`;
    throw new FileError(message, path, { cause });
  }
}
