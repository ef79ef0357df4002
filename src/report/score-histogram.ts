import type { Displayable } from "../display.js";
import { median } from "../stats/quantile.js";
import { type Chart, chart } from "./chart.js";
import type { Report } from "./report.js";
import { scoresOf } from "./scores-of.js";

/**
 * How the scores of a report are distributed: a histogram per scorer with the median marked and
 * chance as a dashed line. The paper's figure 2 (a, b) shows the same.
 *
 * @throws {RangeError} If the report has no score of that scorer.
 */
export function scoreHistogram(report: Report, scorer?: string): Chart & Displayable {
  const wanted = scorer ? [scorer] : report.scorers;
  const scorers = wanted.filter((name) => scoresOf(report, name).length > 0);
  if (scorers.length === 0) {
    throw new RangeError(
      `Cannot draw scores of ${scorer ? `"${scorer}"` : "this report"}: there are none; scorers with scores: ${report.scorers.join(", ") || "none"}`,
    );
  }
  const chance = Object.fromEntries(scorers.map((name) => [name, chanceOf(report, name)]));
  const values = scorers.flatMap((name) =>
    scoresOf(report, name).map((score) => ({ scorer: name, score, chance: chance[name] })),
  );
  const words = scorers.map((name) => `${name} median ${median(scoresOf(report, name)).toFixed(2)}`);
  const chances = new Set(Object.values(chance));
  const line = chances.size === 1 ? [...chances][0] : Object.entries(chance).flat().join(" ");
  const lowest = values.some(({ score }) => score < 0) ? -1 : 0;
  return chart(
    {
      data: { values },
      facet: { column: { field: "scorer", type: "nominal", title: null, sort: scorers } },
      spec: { width: 260, height: 160, layer: histogramLayers(lowest) },
    },
    `Histogram of ${values.length} scores: ${words.join(", ")}; ${line} is chance`,
  );
}

function chanceOf({ rows }: Report, scorer: string): number | undefined {
  return rows.map(({ scores }) => scores[scorer]).find((score) => score !== undefined)?.chance;
}

/** Bars of 0.05, the median, and chance. */
function histogramLayers(lowest: number) {
  const score = { field: "score", type: "quantitative" as const, scale: { domain: [lowest, 1] } };
  const bin = { step: 0.05, extent: [lowest, 1] as [number, number] };
  const axis = { values: [-1, -0.5, 0, 0.25, 0.5, 0.75, 1].filter((tick) => tick >= lowest), format: ".2f" };
  return [
    {
      mark: { type: "bar" as const, color: "#f5a623", tooltip: true },
      encoding: {
        x: { ...score, bin, axis, title: "score" },
        y: { aggregate: "count" as const, type: "quantitative" as const, title: "latents" },
      },
    },
    {
      mark: { type: "rule" as const, color: "#d0450b", size: 2 },
      encoding: { x: { ...score, aggregate: "median" as const } },
    },
    {
      mark: { type: "rule" as const, color: "#888", strokeDash: [4, 4] },
      encoding: { x: { ...score, field: "chance", aggregate: "max" as const } },
    },
  ];
}
