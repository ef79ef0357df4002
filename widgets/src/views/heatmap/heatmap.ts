import type { HeatmapState } from "../../../../src/report/heatmap-state.js";
import { element, ownKeys } from "../../core/element.js";
import { paletteRules } from "../../core/palette.js";
import { formatShare, formatValue } from "../../core/scale.js";
import { adoptStyle } from "../../core/style-sheet.js";
import { watchTheme } from "../../core/theme.js";
import { onChange, type RenderContext, type ViewModel } from "../../core/view-model.js";
import { Grid } from "./grid.js";
import { Legend } from "./legend.js";
import { type PageBytes, readPage } from "./page.js";
import style from "./style.css";
import { toolbar } from "./toolbar.js";

/** The traits of the widget: what the reader sees and chooses, and the windows as an Arrow stream. */
export interface HeatmapModelState extends HeatmapState {
  readonly page: PageBytes;
}

/**
 * Paints the heatmap of one latent: its name and facts, the controls with the legend, and the list of
 * windows. `data-state` of the root becomes `ready` when it is on the screen.
 */
export function render({ model, el, signal, status }: RenderContext<HeatmapModelState>): void {
  adoptStyle(el, paletteRules() + style);
  const root = element("div", { class: "saelab saelab-heatmap", ...ownKeys });
  el.replaceChildren(root);
  watchTheme(root, signal);
  let inner = new AbortController();
  const paint = () => {
    inner.abort();
    inner = new AbortController();
    paintInto(root, { model, el, signal: AbortSignal.any([signal, inner.signal]), status });
  };
  // New windows or another latent are another picture; everything else is changed in place.
  const keys = ["page", "latent", "explanation", "traits", "groups", "max"] as const;
  onChange(model, keys, { signal, callback: paint });
  paint();
}

function paintInto(root: HTMLElement, context: RenderContext<HeatmapModelState>): void {
  const { signal, status } = context;
  const model = context.model as ViewModel<HeatmapModelState> & ViewModel<HeatmapState>;
  const legend = new Legend();
  const scale = () => legend.set(model.get("max"), model.get("scale"));
  onChange(model, ["scale"], { signal, callback: scale });
  scale();
  const grid = new Grid(model, { page: readPage(model.get("page")), legend, signal });
  const controls = element("div", { class: "saelab-controls" }, toolbar(model, signal), legend.element);
  root.replaceChildren(header(model, status), controls, grid.element, grid.tooltip.element);
  const ready = () => {
    grid.refresh();
    root.dataset.state = "ready";
  };
  if (root.isConnected) ready();
  else whenConnected(root, signal, ready);
}

function header(model: ViewModel<HeatmapState>, status: "live" | "saved" | undefined): HTMLElement {
  const name = element("b", { class: "saelab-latent" }, model.get("latent"));
  const facts = [
    // A view saved by an older version has none.
    ...(model.get("traits") ?? []),
    `fires on ${formatShare(model.get("density"))} of positions`,
    `${model.get("windowCount").toLocaleString("en")} windows`,
    `max ${formatValue(model.get("max"))}`,
  ];
  const made = element("div", { class: "saelab-header" }, name);
  const text = model.get("explanation");
  if (text) made.append(element("span", { class: "saelab-explanation", title: text, dir: "auto" }, text));
  made.append(element("span", { class: "saelab-facts" }, facts.join(" · ")));
  if (status === "saved")
    made.append(
      element("span", { class: "saelab-saved", title: "No kernel: choices are not kept" }, "saved"),
    );
  return made;
}

/** A widget is painted before its element is on the page; sizes are known only then. */
function whenConnected(root: HTMLElement, signal: AbortSignal, then: () => void): void {
  const observer = new ResizeObserver(() => {
    if (!root.isConnected || root.clientWidth === 0) return;
    observer.disconnect();
    then();
  });
  observer.observe(root);
  signal.addEventListener("abort", () => observer.disconnect());
}
