import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { packageRoot } from "../package-root.js";
import { type ViewSnapshot, viewMimeType } from "./heatmap-state.js";

/** A plain picture, and the data from which the script of {@link heatmapScript} makes it interactive. */
export function snapshotFigure(picture: string, snapshot: ViewSnapshot): string {
  const json = JSON.stringify(snapshot).replaceAll("<", "\\u003c");
  return `<figure data-saelab-view style="margin-inline:0">${picture}<script type="${viewMimeType}">${json}</script></figure>`;
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
