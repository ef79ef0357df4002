/**
 * A Vega-Lite chart that shows itself: as a live chart where the notebook can draw one, as an SVG
 * drawn here where it cannot, and as its description in words.
 *
 * JupyterLab 4 bundles Vega-Lite 5.6.1; this library uses the same version, so a spec that a
 * notebook could not draw fails in a unit test first.
 */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { type Displayable, displayable } from "../display.js";

export interface Chart {
  /** Plain JSON. */
  readonly spec: TopLevelSpec;
  /** What the chart shows, in one sentence with its numbers: read out by screen readers. */
  readonly description: string;
}

/** Readable on a light and on a dark background, since a notebook does not redraw when its theme changes. */
const config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "#8884" },
  axis: {
    labelColor: "#888",
    titleColor: "#888",
    gridColor: "#8883",
    domainColor: "#888",
    tickColor: "#888",
  },
  legend: { labelColor: "#888", titleColor: "#888" },
  header: { labelColor: "#888", titleColor: "#888" },
  title: { color: "#888", anchor: "start", fontSize: 13 },
} as const;

/** Makes a chart of a spec; adds the house style. */
export function chart(spec: TopLevelSpec, description: string): Chart & Displayable {
  const whole = {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    description,
    ...spec,
    config: { ...config, ...spec.config },
    usermeta: { embedOptions: { renderer: "svg", actions: { editor: false } } },
  } as TopLevelSpec;
  return displayable({ spec: whole, description }, async (shown) => ({
    "application/vnd.vegalite.v5+json": shown.spec,
    "image/svg+xml": await chartSvg(shown),
    "text/plain": shown.description,
  }));
}

/** The chart as an SVG document. */
export async function chartSvg({ spec }: Chart): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
