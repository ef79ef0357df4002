/** Interpretations as rows, and who made the numbers. */
import { type Displayable, displayable } from "../display.js";
import type { Latent } from "../latent.js";
import type { Interpretation } from "../run/interpretation.js";
import type { NullScore } from "../run/null-scores.js";
import type { Score } from "../score/scorer.js";
import { median } from "../stats/quantile.js";
import { tableHtml, tableText } from "./table.js";

export interface ReportRow {
  readonly latent: Latent;
  readonly status: Interpretation["status"];
  /** `undefined` where the latent has none; `reason` then says why. */
  readonly explanation: string | undefined;
  readonly reason: string | undefined;
  /** Share of positions where the latent fires. */
  readonly density: number | undefined;
  readonly maxActivation: number | undefined;
  /** Share of windows where it fires. */
  readonly firingRate: number | undefined;
  /** What kind of latent it is, where that makes its scores easy to come by: `unigram`, `positional`. */
  readonly labels: readonly string[];
  /** By the scorer's name. */
  readonly scores: Readonly<Record<string, Score>>;
  /** Hash of the examples that were used. */
  readonly examplesHash: string | undefined;
  /** What the scores are held against. */
  readonly nulls: readonly NullScore[];
}

export interface Report {
  readonly rows: readonly ReportRow[];
  /** Names of the scorers, in the order of the run. */
  readonly scorers: readonly string[];
  /** One sentence: which models wrote the explanations and judged them. */
  readonly madeBy: string;
  /** One line of text per scorer: median and number of latents. */
  readonly summary: readonly string[];
}

/**
 * Collects interpretations into a report. Failures are rows, not holes.
 *
 * @returns A value that shows itself as a table in a notebook.
 */
export async function report(
  results: AsyncIterable<Interpretation> | Iterable<Interpretation>,
): Promise<Report & Displayable> {
  const rows: ReportRow[] = [];
  const models = { explained: new Set<string>(), judged: new Map<string, Set<string>>() };
  for await (const result of results) {
    rows.push(rowOf(result));
    if (result.status !== "scored") continue;
    models.explained.add(result.explanation.model);
    for (const { scorer, model } of result.scores) {
      models.judged.set(scorer, (models.judged.get(scorer) ?? new Set()).add(model));
    }
  }
  const scorers = [...models.judged.keys()];
  const value: Report = {
    rows,
    scorers,
    madeBy: madeBy(models),
    summary: scorers.map((s) => summarise(rows, s)),
  };
  return displayable(value, (shown) => ({
    "text/plain": tableText(shown),
    "text/html": tableHtml(shown).text,
  }));
}

/** The values of one scorer over all rows that have one. */
export function scoresOf({ rows }: Pick<Report, "rows">, scorer: string): number[] {
  return rows.flatMap(({ scores }) => scores[scorer]?.value ?? []);
}

function rowOf(result: Interpretation): ReportRow {
  const { latent, status } = result;
  if (status !== "scored") {
    const none = { explanation: undefined, density: undefined, maxActivation: undefined };
    const nothing = { firingRate: undefined, examplesHash: undefined, labels: [], scores: {}, nulls: [] };
    return { latent, status, reason: result.reason, ...none, ...nothing };
  }
  const {
    density,
    maxActivation,
    firingRate,
    labels = [],
    explanation,
    scores,
    nulls = [],
    examplesHash,
  } = result;
  return {
    latent,
    status,
    reason: undefined,
    explanation: explanation.text,
    density,
    maxActivation,
    firingRate,
    labels,
    examplesHash,
    nulls,
    scores: Object.fromEntries(scores.map((score) => [score.scorer, score])),
  };
}

function summarise(rows: readonly ReportRow[], scorer: string): string {
  const values = scoresOf({ rows }, scorer);
  const middle = values.length > 0 ? median(values).toFixed(2) : "none";
  return `${scorer}: median ${middle} over ${values.length} of ${rows.length} latents`;
}

function madeBy({ explained, judged }: { explained: Set<string>; judged: Map<string, Set<string>> }): string {
  if (explained.size === 0) return "No latent was explained";
  const judges = [...judged].map(([scorer, models]) => `${scorer} by ${[...models].join(", ")}`);
  return `Explanations by ${[...explained].join(", ")}; scored with ${judges.join("; ")}`;
}
