/** What scores are worth: lifts over nulls and mean score cards, for a terminal and as HTML that survives a notebook's sanitiser. */
import { type Html, html } from "../html.js";
import type { NullRunKind } from "../run/null-run.js";
import { type NullKind, nullKinds } from "../run/null-scores.js";
import { cardMetrics } from "../score/score-card.js";
import { estimateText } from "../score/score-card-display.js";
import type { ClusteredMean } from "../stats/clustered-mean.js";
import type { Estimate } from "../stats/estimate.js";
import { textTable } from "../text-table.js";
import { headlinesOf, type Lift, liftsOf } from "./lifts.js";
import { type MeanScoreCard, meanScoreCards } from "./mean-score-cards.js";
import { plainTable } from "./plain-table.js";
import type { Report } from "./report.js";

const nullNames: Readonly<Record<NullKind | NullRunKind, string>> = {
  "another latent": "another latent's explanation",
  blank: "no explanation",
  "unigram rule": "the best list of tokens",
  "shuffled labels": "shuffled labels",
  "random model": "a model with random weights",
  "random coder": "random directions of the model",
  neurons: "neurons of the model",
};

type Reported = Pick<Report, "rows" | "scorers" | "nullRuns">;

/**
 * A line per scorer: `detection: lift 0.26 (0.10 to 0.40) over the strongest null, which is a model with random weights; -0.24
 * (-0.38 to -0.12) over the best list of tokens, which does better`.
 */
export function headlineLines(report: Reported): string[] {
  return headlinesOf(report).map(({ scorer, lift, over, overUnigramRule: rule }) => {
    const worth = lift.interval[0] > 0 ? "" : "; not above it";
    const beside = rule ? `; ${liftText(rule)} over ${nullNames["unigram rule"]}${rivalText(rule)}` : "";
    return `${scorer}: lift ${liftText(lift)} over the strongest null, which is ${nullNames[over]}${worth}${beside}`;
  });
}

function rivalText({ interval: [low, high] }: Estimate): string {
  if (high < 0) return ", which does better";
  return low > 0 ? "" : ", which may do as well";
}

/** The lifts over each null for a terminal, a column per scorer. */
export function liftsText(report: Reported): string[] {
  const { heads, rows } = liftGrid(report);
  return rows.length === 0 ? [] : [textTable([heads, ...rows])];
}

/** The same for a notebook. */
export function liftGridHtml(report: Reported): Html | undefined {
  const { heads, rows } = liftGrid(report);
  return rows.length === 0 ? undefined : plainTable(heads, rows);
}

function liftGrid(report: Reported): { heads: string[]; rows: string[][] } {
  const lifts = liftsOf(report);
  const kinds = [...new Set(lifts.map(({ over }) => over))];
  return {
    heads: ["lift over", ...report.scorers, "latents"],
    rows: kinds.map((over) => {
      const found = report.scorers.map((scorer) =>
        lifts.find((one) => one.scorer === scorer && one.over === over),
      );
      const counts = [...new Set(found.flatMap((one) => (one ? latentsText(one) : [])))];
      return [nullNames[over], ...found.map((one) => (one ? cellText(one) : "–")), counts.join("; ")];
    }),
  };
}

function cellText(found: Lift): string {
  return found.discoveries === undefined
    ? liftText(found.lift)
    : `${liftText(found.lift)}, ${found.discoveries} above it (FDR 5 %)`;
}

/** `20`, or over a null run `20 and 6 of these`. */
function latentsText({ latents, nullLatents }: Lift): string {
  return nullLatents === undefined ? String(latents) : `${latents} and ${nullLatents} of these`;
}

/** A line per null run: what it was and took; then what the scores are not held against, and why. */
export function nullLines({ rows, nullRuns }: Pick<Report, "rows" | "nullRuns">): string[] {
  const made = nullRuns.filter(({ rows }) => rows.length > 0);
  const none = [...nullRuns.filter(({ rows }) => rows.length === 0), ...unjudgedNulls(rows)];
  const reasons = [...new Set(none.map(({ reason }) => reason))].map((reason) => {
    const kinds = none.filter((run) => run.reason === reason).map(({ kind }) => nullNames[kind]);
    return `not held against ${kinds.join(", ")}: ${reason}`;
  });
  return [...made.map(nullRunLine), ...reasons];
}

/** Nulls of the panel that no latent has a number for, and the first reason that one gives. */
function unjudgedNulls(rows: Report["rows"]): { kind: NullKind; reason: string }[] {
  return nullKinds.flatMap((kind) => {
    const nulls = rows.flatMap((row) => row.nulls.filter((one) => one.kind === kind));
    const { reason } = nulls.find((one) => one.reason !== undefined) ?? {};
    return reason === undefined || nulls.some(({ value }) => value !== undefined) ? [] : [{ kind, reason }];
  });
}

function nullRunLine({ kind, rows, madeOf, tokens, reason }: Report["nullRuns"][number]): string {
  const cost = tokens > 0 ? `; ${tokens.toLocaleString("en-US")} tokens of the language model` : "";
  const short = reason === undefined ? "" : `; ended early: ${reason}`;
  return `null run, ${nullNames[kind]}: ${rows.length} latents (${madeOf})${cost}${short}`;
}

export function liftsHtml(report: Reported): Html | undefined {
  const lifts = liftsOf(report);
  if (lifts.length === 0) return undefined;
  const rows = lifts.map((found) => [
    found.scorer,
    nullNames[found.over],
    found.score.toFixed(2),
    found.nullScore.toFixed(2),
    liftText(found.lift),
    latentsText(found),
    found.discoveries === undefined ? "" : String(found.discoveries),
  ]);
  const heads = ["scorer", "over", "mean score", "mean null", "lift", "latents", "above it, FDR 5 %"];
  const note = [
    "Lift is (score − null) / (1 − null) of the means: 0 is no better than the null, 1 is perfect, with intervals of 95 %.",
    "Over what latents get that nobody trained, a lift says that there is more to explain in these; over another latent's explanation and shuffled labels, that explanations are about their latents; over the best list of tokens, what an explanation says that a list cannot.",
  ];
  return html`${plainTable(heads, rows)}
<p style="font-size:12px;opacity:.75">${note.join(" ")}</p>`;
}

/** Mean score cards, one column per scorer. */
export function cardsHtml(report: Pick<Report, "rows" | "scorers">): Html | undefined {
  const cards = meanScoreCards(report).filter(({ judgements }) => judgements > 0);
  if (cards.length === 0) return undefined;
  const numbers = cards.map(({ metrics, also }): Readonly<Record<string, ClusteredMean>> => {
    return { ...metrics, ...also };
  });
  const names = [...new Set([...cardMetrics, ...numbers.flatMap((card) => Object.keys(card))])];
  const rows = names
    .filter((name) => numbers.some((card) => card[name]))
    .map((name) => [name, ...numbers.map((card) => metricText(card[name]))]);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const facts: [string, (card: MeanScoreCard) => string][] = [
    ["judgements with an answer", ({ judgements }) => judgements.toLocaleString("en-US")],
    ["of these, where the latent fires", ({ positiveShare }) => percent(positiveShare)],
    ["without an answer", ({ unansweredShare }) => percent(unansweredShare)],
  ];
  const more = facts.map(([name, of]) => [name, ...cards.map(of)]);
  return html`${plainTable(["mean over latents", ...cards.map(({ scorer }) => scorer)], [...rows, ...more])}
<p style="font-size:12px;opacity:.75">Intervals of 95 % count latents, not judgements. Accuracy, precision, F1 and AUPRC depend on the share of windows where the latent fires; those at the natural rate are what a search of the corpus would give.</p>`;
}

function metricText(mean: ClusteredMean | undefined): string {
  if (!mean) return "–";
  return mean.count > 1 ? `${estimateText(mean)} (${mean.count})` : `${mean.value.toFixed(2)} (1)`;
}

function liftText(lift: Estimate | undefined): string {
  if (!lift) return "unknown";
  const [low, high] = lift.interval.map((limit) => limit.toFixed(2));
  return `${lift.value.toFixed(2)} (${low} to ${high})`;
}
