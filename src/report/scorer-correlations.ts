import { type Displayable, displayable } from "../display.js";
import type { Score } from "../score/scorer.js";
import { saidYes } from "../score/summarise.js";
import { correlationInterval } from "../stats/correlation-interval.js";
import { disattenuatedCorrelation } from "../stats/disattenuated-correlation.js";
import type { Estimate } from "../stats/estimate.js";
import { pearson } from "../stats/pearson.js";
import { spearman } from "../stats/spearman.js";
import { splitHalfReliability } from "../stats/split-half-reliability.js";
import { textTable } from "../text-table.js";
import { plainTable } from "./plain-table.js";
import type { Report } from "./report.js";

/** How two scorers agree over the latents that both have scored. */
export interface ScorerCorrelation {
  readonly scorers: readonly [string, string];
  readonly latents: number;
  readonly pearson: Estimate;
  readonly spearman: Estimate;
  /** Pearson's without the noise of the judgements; only where both scorers say yes and no, and are reliable at all. */
  readonly disattenuated: Estimate | undefined;
  /** Of the two scorers, from split halves of their judgements. */
  readonly reliabilities: readonly [number | undefined, number | undefined];
}

const fewestLatents = 4;

/**
 * The correlation of each two scorers of a report, with Fisher's intervals.
 *
 * @returns Pairs of scorers with four or more latents whose scores vary; shows itself as a table in a notebook.
 */
export function scorerCorrelations(
  report: Pick<Report, "rows" | "scorers">,
): readonly ScorerCorrelation[] & Displayable {
  const { scorers } = report;
  const pairs = scorers.flatMap((a, i) => scorers.slice(i + 1).map((b) => [a, b] as const));
  const found = pairs.flatMap((pair) => correlate(report, pair) ?? []);
  const rows = () => found.map(cells);
  return displayable(found, () => ({
    "text/plain": textTable([heads, ...rows()]),
    "text/html": plainTable(heads, rows()).text,
  }));
}

function correlate(
  { rows }: Pick<Report, "rows">,
  [a, b]: readonly [string, string],
): ScorerCorrelation | undefined {
  const both = rows.flatMap(({ scores }): [Score, Score][] => {
    const [first, second] = [scores[a], scores[b]];
    return first?.value === undefined || second?.value === undefined ? [] : [[first, second]];
  });
  if (both.length < fewestLatents) return undefined;
  const [x, y] = [0, 1].map((side) => both.map((pair) => pair[side].value ?? Number.NaN));
  const r = pearson(x, y);
  if (Number.isNaN(r)) return undefined;
  const reliabilities = [0, 1].map((side) => reliabilityOf(both.map((pair) => pair[side])));
  const [first, second] = reliabilities;
  return {
    scorers: [a, b],
    latents: both.length,
    pearson: correlationInterval(r, both.length),
    spearman: correlationInterval(spearman(x, y), both.length, { kind: "spearman" }),
    disattenuated:
      isReliable(first) && isReliable(second)
        ? disattenuatedCorrelation(x, y, { reliabilities: [first, second] })
        : undefined,
    reliabilities: [first, second],
  };
}

function isReliable(reliability: number | undefined): reliability is number {
  return reliability !== undefined && reliability > 0;
}

/** Of the shares of right answers; `undefined` where a score has fewer than two, or halves do not vary. */
function reliabilityOf(scores: readonly Score[]): number | undefined {
  const items = scores.map(({ judgements }) =>
    judgements.flatMap((judgement) => {
      const yes = saidYes(judgement);
      return yes === undefined ? [] : [Number(yes === judgement.truth)];
    }),
  );
  if (items.some((list) => list.length < 2)) return undefined;
  const reliability = splitHalfReliability(items);
  return Number.isFinite(reliability) ? Math.min(1, reliability) : undefined;
}

const heads = ["scorers", "latents", "Pearson", "Spearman", "without noise", "reliabilities"];

function cells({ scorers, latents, disattenuated, reliabilities, ...measured }: ScorerCorrelation): string[] {
  const text = (estimate: Estimate | undefined) => {
    if (!estimate) return "–";
    const [low, high] = estimate.interval.map((limit) => limit.toFixed(2));
    return `${estimate.value.toFixed(2)} (${low} to ${high})`;
  };
  return [
    scorers.join(" and "),
    String(latents),
    text(measured.pearson),
    text(measured.spearman),
    text(disattenuated),
    reliabilities.map((reliability) => reliability?.toFixed(2) ?? "–").join(" and "),
  ];
}
