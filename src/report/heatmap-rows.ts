import type { Example, LatentExamples, Window } from "../examples/example.js";

/** Which of a latent's examples to show: those for explainers, those for scorers, or both. */
export type HeatmapSplit = "train" | "test" | "both";

/** One window as a row. Non-activating windows have no quantile and count as test. */
export interface HeatmapRow {
  readonly window: Window;
  readonly quantile: number | null;
  readonly split: "train" | "test";
}

/** Rows of one kind, next to each other on the page. */
export interface HeatmapGroup {
  /** The quantile as text, or `non-activating`. */
  readonly key: string;
  readonly quantile: number | null;
  /** Rows on the page. */
  readonly count: number;
  /** Rows before any limit. */
  readonly total: number;
  /** Weakest and strongest peak on the page; both 0 where nothing fires. */
  readonly low: number;
  readonly high: number;
}

export interface HeatmapRows {
  readonly rows: readonly HeatmapRow[];
  readonly groups: readonly HeatmapGroup[];
}

/**
 * Puts a latent's windows in the order in which they are read: strongest quantile first, strongest peak
 * first within it, windows in which the latent does not fire last.
 *
 * @param options.limit At most so many windows of each group. Default: all.
 */
export function heatmapRows(
  examples: LatentExamples,
  options: { split?: HeatmapSplit | undefined; limit?: number | undefined } = {},
): HeatmapRows {
  const { split = "both", limit = Number.POSITIVE_INFINITY } = options;
  const byQuantile = new Map<number, { example: Example; split: "train" | "test" }[]>();
  for (const part of ["train", "test"] as const) {
    if (split !== "both" && split !== part) continue;
    for (const example of examples[part]) {
      const group = byQuantile.get(example.quantile) ?? [];
      group.push({ example, split: part });
      byQuantile.set(example.quantile, group);
    }
  }
  const rows: HeatmapRow[] = [];
  const groups: HeatmapGroup[] = [];
  for (const quantile of [...byQuantile.keys()].sort((a, b) => a - b)) {
    const all = (byQuantile.get(quantile) ?? []).sort((a, b) => b.example.peak - a.example.peak);
    const shown = all.slice(0, limit);
    if (shown.length === 0) continue;
    for (const { example, split } of shown) rows.push({ window: example, quantile, split });
    const peaks = shown.map(({ example }) => example.peak);
    const [high = 0, low = 0] = [peaks[0], peaks.at(-1)];
    groups.push({ key: `${quantile}`, quantile, count: shown.length, total: all.length, low, high });
  }
  const silent = split === "train" ? [] : examples.nonActivating.slice(0, limit);
  for (const window of silent) rows.push({ window, quantile: null, split: "test" });
  if (silent.length > 0) {
    const total = examples.nonActivating.length;
    groups.push({ key: "non-activating", quantile: null, count: silent.length, total, low: 0, high: 0 });
  }
  return { rows, groups };
}
