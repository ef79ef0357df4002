import type { ViewSnapshot } from "../../../src/report/heatmap-state.js";
import { element } from "../core/element.js";
import { paintSnapshot, viewMimeType } from "./snapshot.js";

/**
 * The script of a static page: every figure of the page that carries a snapshot is painted in place of its
 * plain picture. A snapshot that cannot be painted leaves the plain picture as it is.
 */
export function paintPage(page: ParentNode): void {
  for (const data of page.querySelectorAll(`script[type="${viewMimeType}"]`)) {
    const figure = data.parentElement;
    if (!figure || figure.dataset.state === "painted") continue;
    const el = element("div");
    try {
      const snapshot = JSON.parse(data.textContent ?? "") as ViewSnapshot;
      paintSnapshot(el, snapshot, { signal: new AbortController().signal });
    } catch (error) {
      console.error(error);
      continue;
    }
    for (const child of [...figure.children]) if (child !== data) child.remove();
    figure.append(el);
    figure.dataset.state = "painted";
  }
}

if (document.readyState === "loading")
  document.addEventListener("DOMContentLoaded", () => paintPage(document));
else paintPage(document);
