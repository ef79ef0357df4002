/** Interpretations as rows, and who made the numbers. */
import { type Displayable, displayable } from "../display.js";
import type { LatentExamples } from "../examples/example.js";
import type { Latent } from "../latent.js";
import type { Interpretation, Unscored } from "../run/interpretation.js";
import type { NullRun, RunResult } from "../run/null-run.js";
import type { NullScore } from "../run/null-scores.js";
import { type OutcomeCounts, outcomeTally } from "../run/outcome-counts.js";
import { distinctNames } from "../score/distinct-scorers.js";
import type { Score } from "../score/scorer.js";
import { median } from "../stats/quantile.js";
import { scoresOf } from "./scores-of.js";
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
  /** By the scorer's name; where a latent has two scores of one name, the names say which is which: `detection (MODEL)`. */
  readonly scores: Readonly<Record<string, Score>>;
  /** Scorers that gave no score of the latent, and why. */
  readonly unscored: readonly Unscored[];
  /** Hash of the examples that were used. */
  readonly examplesHash: string | undefined;
  /** Of each set of them. `undefined` in results of earlier versions. */
  readonly setHashes: LatentExamples["setHashes"];
  /** What the scores are held against. */
  readonly nulls: readonly NullScore[];
}

/** What latents that nobody trained got in the same run. */
export interface ReportNullRun extends Omit<NullRun, "status" | "results"> {
  readonly rows: readonly ReportRow[];
  /** Tokens of all questions and answers of its explainer and judges. */
  readonly tokens: number;
}

export interface Report {
  readonly rows: readonly ReportRow[];
  /** The latents' scores are held against these. Empty where none was asked for. */
  readonly nullRuns: readonly ReportNullRun[];
  /** Names of the scorers, in the order of the run. */
  readonly scorers: readonly string[];
  /** One sentence: which models wrote the explanations and judged them. */
  readonly madeBy: string;
  /** One line of text per scorer: median and number of latents. */
  readonly summary: readonly string[];
  /** How many latents, scores and answers came to what. */
  readonly outcomes: OutcomeCounts;
}

/**
 * Collects what `interpret` yields into a report. Failures are rows, not holes.
 *
 * @returns A value that shows itself as a table in a notebook.
 */
export async function report(
  results: AsyncIterable<RunResult> | Iterable<RunResult>,
): Promise<Report & Displayable> {
  const rows: ReportRow[] = [];
  const nullRuns: ReportNullRun[] = [];
  const models = { explained: new Set<string>(), judged: new Map<string, Set<string>>() };
  const tally = outcomeTally();
  for await (const result of results) {
    if (result.status === "null run") {
      nullRuns.push(reportedNullRun(result));
      continue;
    }
    const row = rowOf(result);
    rows.push(row);
    tally.add(result);
    if (result.status !== "scored") continue;
    models.explained.add(result.explanation.model);
    const judges = Object.entries(row.scores).map(([scorer, { model }]) => ({ scorer, model }));
    for (const { scorer, model } of [...judges, ...row.unscored]) {
      models.judged.set(scorer, (models.judged.get(scorer) ?? new Set()).add(model));
    }
  }
  const scorers = [...models.judged.keys()];
  const value: Report = {
    rows,
    nullRuns,
    scorers,
    madeBy: madeBy(models),
    summary: scorers.map((s) => summarise(rows, s)),
    outcomes: tally.counts,
  };
  return displayable(value, (shown) => ({
    "text/plain": tableText(shown),
    "text/html": tableHtml(shown).text,
  }));
}

function reportedNullRun({ status: _, results, ...facts }: NullRun): ReportNullRun {
  const usages = results.flatMap((result) =>
    result.status === "scored"
      ? [result.explanation.usage, ...result.scores.map(({ usage }) => usage)]
      : (result.usage ?? []),
  );
  const tokens = usages.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
  return { ...facts, rows: results.map(rowOf), tokens };
}

function rowOf(result: Interpretation): ReportRow {
  const { latent, status } = result;
  if (status !== "scored") {
    const none = { explanation: undefined, density: undefined, maxActivation: undefined };
    const nothing = { firingRate: undefined, examplesHash: undefined, setHashes: undefined, labels: [] };
    const noScores = { scores: {}, unscored: [], nulls: [] };
    return { latent, status, reason: result.reason, ...none, ...nothing, ...noScores };
  }
  const {
    density,
    maxActivation,
    firingRate,
    labels = [],
    explanation,
    scores,
    unscored = [],
    nulls = [],
    examplesHash,
    setHashes,
  } = result;
  const names = distinctNames(scores.map(({ scorer: name, model }) => ({ name, model })));
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
    setHashes,
    nulls,
    unscored,
    scores: Object.fromEntries(scores.map((score, i) => [names[i], score])),
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
