/**
 * What the heatmap widget is told, and what it tells back. This file owns the shapes; the browser takes
 * them as types only. Small things a reader may want restored are traits of the state; the windows
 * themselves travel apart, as one Arrow page (`heatmap-page.ts`).
 */
import type { LatentExamples } from "../examples/example.js";
import { latentName } from "../latent.js";
import type { HeatmapGroup, HeatmapRows } from "./heatmap-rows.js";

/** Media type of our own picture of a view: painted where no kernel is, live where one is. */
export const viewMimeType = "application/vnd.saelab.view+json";

/** What the reader chooses; the browser and the kernel both may change it. */
export interface HeatmapView {
  /** Rows start at the left, or have their strongest token in one column. */
  readonly align: "left" | "peak";
  /** Shade by share of the latent's maximum, or by log10(1 + 9 × share), which lifts weak activations. */
  readonly scale: "linear" | "log";
  /** White space as plain spaces, with line breaks marked, or with every blank marked. */
  readonly glyphs: "off" | "newline" | "all";
  /** `all`, or the key of one group. */
  readonly group: string;
}

/** All of the state but the page of windows. Plain JSON. */
export interface HeatmapState extends HeatmapView {
  readonly v: 1;
  /** `layers.2:17`. */
  readonly latent: string;
  readonly explanation: string | null;
  /** What kind of latent it is: `positional`, `unigram`. */
  readonly traits: readonly string[];
  /** Largest activation in the whole cache, the end of the colour scale. */
  readonly max: number;
  /** Share of positions where the latent fires. */
  readonly density: number;
  /** Windows in which the latent fires, before sampling. */
  readonly windowCount: number;
  readonly quantiles: number;
  /** In the order of the page's rows. */
  readonly groups: readonly HeatmapGroup[];
}

/** The output that we write beside the live widget: enough to paint the same view with no kernel. */
export interface ViewSnapshot {
  readonly v: 1;
  readonly kind: "heatmap";
  /** The live widget, where there was one. */
  readonly model_id?: string;
  readonly state: HeatmapState;
  /** Arrow IPC stream, base64. */
  readonly page: string;
}

export const defaultView: HeatmapView = { align: "left", scale: "linear", glyphs: "newline", group: "all" };

const choices = {
  align: ["left", "peak"],
  scale: ["linear", "log"],
  glyphs: ["off", "newline", "all"],
} as const;

/**
 * Says what is wrong with a view that a notebook sets, where types are not checked.
 *
 * @throws {RangeError} If a key or a value is not one of the view's.
 */
export function checkView(view: Partial<HeatmapView>, groups: readonly HeatmapGroup[]): void {
  const known: Readonly<Record<string, readonly string[]>> = {
    ...choices,
    group: ["all", ...groups.map(({ key }) => key)],
  };
  for (const [key, value] of Object.entries(view)) {
    const values = known[key];
    if (!values) {
      const keys = Object.keys(known).join(", ");
      throw new RangeError(`Cannot set "${key}" of a heatmap: choose one of ${keys}`);
    }
    if (!values.includes(value as string))
      throw new RangeError(
        `Cannot set "${key}" of a heatmap to "${value}": choose one of ${values.join(", ")}`,
      );
  }
}

/** The first state of a heatmap of these rows. */
export function heatmapState(
  examples: LatentExamples,
  rows: HeatmapRows,
  options: {
    explanation?: string | undefined;
    traits?: readonly string[] | undefined;
    view?: Partial<HeatmapView> | undefined;
  } = {},
): HeatmapState {
  checkView(options.view ?? {}, rows.groups);
  return {
    v: 1,
    latent: latentName(examples.latent),
    explanation: options.explanation ?? null,
    traits: options.traits ?? [],
    max: examples.maxActivation,
    density: examples.density,
    windowCount: examples.windowCount,
    quantiles: examples.quantiles,
    groups: rows.groups,
    ...defaultView,
    ...options.view,
  };
}
