import type { HeatmapState, HeatmapView } from "../../../../src/report/heatmap-state.js";
import { element } from "../../core/element.js";
import { type Segment, segmented } from "../../core/segmented.js";
import { onChange, type ViewModel } from "../../core/view-model.js";
import { groupName } from "./lines.js";

type Choice = keyof HeatmapView;

const aligns: Segment<HeatmapView["align"]>[] = [
  { value: "left", label: "left", title: "Start every row at its first token" },
  { value: "peak", label: "peak", title: "Put the strongest tokens in one column" },
];
const scales: Segment<HeatmapView["scale"]>[] = [
  { value: "linear", label: "lin", title: "Linear scale" },
  { value: "log", label: "log", title: "Logarithmic scale: lifts weak activations" },
];
const blanks: Segment<HeatmapView["glyphs"]>[] = [
  { value: "off", label: "off", title: "Do not mark white space" },
  { value: "newline", label: "↵", title: "Mark line breaks" },
  { value: "all", label: "↵·", title: "Mark line breaks and spaces" },
];

/** The controls of a heatmap: each shows and sets one trait of the model. */
export function toolbar(model: ViewModel<HeatmapState>, signal: AbortSignal): HTMLElement {
  const control = <K extends Choice>(
    key: K,
    label: string,
    segments: Segment<HeatmapState[K] & string>[],
  ) => {
    const made = segmented({
      label,
      segments,
      value: model.get(key) as HeatmapState[K] & string,
      onSelect(value) {
        if (value === model.get(key)) return;
        model.set(key, value as HeatmapState[K]);
        model.save_changes();
      },
    });
    made.element.dataset.control = key;
    onChange(model, [key], { signal, callback: () => made.update(model.get(key) as never) });
    return made.element;
  };
  return element(
    "div",
    { class: "saelab-toolbar", role: "toolbar", "aria-label": "View" },
    control("group", "quantile", groupSegments(model.get("groups"))),
    control("align", "align", aligns),
    control("scale", "scale", scales),
    control("glyphs", "¶", blanks),
  );
}

function groupSegments(groups: HeatmapState["groups"]): Segment<string>[] {
  const segments = groups.map((group) => ({
    value: group.key,
    label: group.quantile === null ? "none" : `${group.quantile}`,
    title: `Only ${groupName(group)}`,
  }));
  return [{ value: "all", label: "all", title: "All windows" }, ...segments];
}
