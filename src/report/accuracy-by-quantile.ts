import type { Displayable } from "../display.js";
import type { JudgedKind, Judgement } from "../score/scorer.js";
import { wilson } from "../stats/wilson.js";
import { type Chart, chart } from "./chart.js";
import type { Report } from "./report.js";

interface Point {
  scorer: string;
  group: string;
  accuracy: number;
  low: number;
  high: number;
  n: number;
}

/**
 * Share of right judgements by how strongly the latent fires, over all latents of a report, with
 * 95 % Wilson intervals; the groups where it does not fire stand first. The paper's figure 2 (c, d).
 *
 * @throws {RangeError} If no judgement has an answer.
 */
export function accuracyByQuantile(report: Report): Chart & Displayable {
  const points = report.scorers.flatMap((scorer) => pointsOf(report, scorer));
  if (points.length === 0)
    throw new RangeError("Cannot draw accuracies: the report has no answered judgement");
  const groups = [...new Set(points.map(({ group }) => group))].sort(byGroup);
  const x = {
    field: "group",
    type: "ordinal",
    sort: groups,
    title: "strength of the latent, Q1 strongest",
  } as const;
  const color = { field: "scorer", type: "nominal", title: null } as const;
  return chart(
    {
      width: 420,
      height: 200,
      data: { values: points },
      layer: [
        {
          mark: { type: "line", point: true, tooltip: true },
          encoding: {
            x,
            y: { field: "accuracy", type: "quantitative", scale: { domain: [0, 1] } },
            color,
          },
        },
        {
          mark: { type: "rule" },
          encoding: { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color },
        },
      ],
    },
    `Accuracy by strength: ${points.map((p) => `${p.scorer} ${p.group} ${p.accuracy.toFixed(2)}`).join(", ")}`,
  );
}

function pointsOf(report: Report, scorer: string): Point[] {
  const tallies = new Map<string, { right: number; n: number }>();
  for (const { scores } of report.rows) {
    for (const judgement of scores[scorer]?.judgements ?? []) {
      if (judgement.answer.status !== "ok") continue;
      const tally = tallies.get(groupOf(judgement)) ?? { right: 0, n: 0 };
      tally.n += 1;
      if (judgement.answer.value === judgement.truth) tally.right += 1;
      tallies.set(groupOf(judgement), tally);
    }
  }
  return [...tallies].map(([group, { right, n }]) => {
    const [low, high] = wilson(right, n);
    return { scorer, group, accuracy: right / n, low, high, n };
  });
}

const otherGroups: Readonly<Record<Exclude<JudgedKind, "activating">, string>> = {
  "non-activating": "none",
  "wrong-tokens": "wrong tokens",
};

function groupOf({ kind, quantile }: Judgement): string {
  return kind === "activating" ? `Q${(quantile ?? 0) + 1}` : otherGroups[kind];
}

function byGroup(a: string, b: string): number {
  const rank = (group: string) => (group.startsWith("Q") ? Number(group.slice(1)) : -1);
  return rank(a) - rank(b);
}
