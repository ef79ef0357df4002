import type { Displayable } from "../display.js";
import type { JudgedKind, Judgement } from "../score/scorer.js";
import { saidYes } from "../score/summarise.js";
import { wilson } from "../stats/wilson.js";
import { type Chart, chart } from "./chart.js";
import type { Report } from "./report.js";

interface Point {
  scorer: string;
  group: string;
  /** Whether the latent fires on the tokens that were judged. */
  firing: boolean;
  accuracy: number;
  low: number;
  high: number;
  n: number;
}

/**
 * Share of right judgements by how strongly the latent fires, over all latents of a report, with
 * 95 % Wilson intervals. Groups where it does not fire stand first: `silent` windows, for fuzzing
 * `wrong` tokens marked in firing windows, and harder negatives by their kind. The paper's figure 2 (c, d).
 *
 * @throws {RangeError} If no window was answered with yes or no.
 */
export function accuracyByQuantile(report: Report): Chart & Displayable {
  const points = report.scorers.flatMap((scorer) => pointsOf(report, scorer)).sort(byGroup);
  if (points.length === 0) {
    throw new RangeError("Cannot draw accuracies: the report has no window that was answered with yes or no");
  }
  const x = {
    field: "group",
    type: "ordinal",
    sort: [...new Set(points.map(({ group }) => group))],
    axis: { title: "where the latent fires, Q1 strongest", labelAngle: -40 },
  } as const;
  const y = { type: "quantitative" as const, scale: { domain: [0, 1] }, title: "share judged right" };
  const color = { field: "scorer", type: "nominal", title: null } as const;
  return chart(
    {
      width: 480,
      height: 220,
      data: { values: points },
      layer: [
        {
          transform: [{ filter: "datum.firing" }],
          mark: "line",
          encoding: { x, y: { ...y, field: "accuracy" }, color },
        },
        {
          mark: { type: "point", filled: true, size: 50, opacity: 1, tooltip: { content: "data" } },
          encoding: { x, y: { ...y, field: "accuracy" }, color },
        },
        { mark: "rule", encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } },
      ],
    },
    `Share judged right by strength: ${points.map((p) => `${p.scorer} ${p.group} ${p.accuracy.toFixed(2)}`).join(", ")}`,
  );
}

/** Whether the judgement is yes or no to a window, and so has a place here. */
export function isOfWindow(judgement: Judgement): boolean {
  return saidYes(judgement) !== undefined && groupOf(judgement) !== undefined;
}

function pointsOf(report: Report, scorer: string): Point[] {
  const tallies = new Map<string, { right: number; n: number }>();
  for (const { scores } of report.rows) {
    for (const judgement of scores[scorer]?.judgements ?? []) {
      const said = saidYes(judgement);
      const group = groupOf(judgement);
      if (said === undefined || group === undefined) continue;
      const tally = tallies.get(group) ?? { right: 0, n: 0 };
      tally.n += 1;
      if (said === judgement.truth) tally.right += 1;
      tallies.set(group, tally);
    }
  }
  return [...tallies].map(([group, { right, n }]) => {
    const [low, high] = wilson(right, n);
    return { scorer, group, firing: group.startsWith("Q"), accuracy: right / n, low, high, n };
  });
}

const otherGroups: Partial<Readonly<Record<JudgedKind, string>>> = {
  "non-activating": "silent",
  "repeated-marks": "silent",
  "wrong-tokens": "wrong",
};

/** `undefined` for what is not a window of its own: written texts, trials with an intruder. */
function groupOf({ kind, quantile, context }: Judgement): string | undefined {
  if (kind === "activating") return `Q${(quantile ?? 0) + 1}`;
  return kind === "intruder" || context === undefined ? undefined : (otherGroups[kind] ?? kind);
}

/** Groups in which nothing fires first, then from the strongest to the weakest. */
function byGroup(a: Point, b: Point): number {
  const rank = ({ group, firing }: Point) => (firing ? Number(group.slice(1)) : group === "silent" ? -1 : 0);
  return rank(a) - rank(b);
}
