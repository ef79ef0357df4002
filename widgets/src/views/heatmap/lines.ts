import type { HeatmapGroup } from "../../../../src/report/heatmap-rows.js";
import { formatValue } from "../../core/scale.js";

/** A line of the list: the heading of a group, or one of its windows by its row on the page. */
export type Line =
  | { readonly kind: "group"; readonly group: HeatmapGroup }
  | { readonly kind: "window"; readonly group: HeatmapGroup; readonly row: number };

/** The lines to show: one group with its heading, or all of them where `shown` is not the key of one. */
export function linesOf(groups: readonly HeatmapGroup[], shown: string): Line[] {
  const all = !groups.some(({ key }) => key === shown);
  const lines: Line[] = [];
  let from = 0;
  for (const group of groups) {
    if (all || shown === group.key) {
      lines.push({ kind: "group", group });
      for (let row = from; row < from + group.count; row++) lines.push({ kind: "window", group, row });
    }
    from += group.count;
  }
  return lines;
}

/** `quantile 0 · strongest`, `non-activating`. */
export function groupName({ quantile }: HeatmapGroup): string {
  if (quantile === null) return "non-activating";
  return quantile === 0 ? "quantile 0 · strongest" : `quantile ${quantile}`;
}

/** `peak 9.1 to 12.3 · 9 of 50 windows`. */
export function groupFacts({ quantile, low, high, count, total }: HeatmapGroup): string {
  const windows = `${count === total ? count : `${count} of ${total}`} window${total === 1 ? "" : "s"}`;
  return quantile === null ? windows : `peak ${formatValue(low)} to ${formatValue(high)} · ${windows}`;
}
