/** What scores are worth: lifts over nulls and mean score cards, for a terminal and as HTML that survives a notebook's sanitiser. */
import { type Html, html } from "../html.js";
import type { NullKind } from "../run/null-scores.js";
import { cardMetrics } from "../score/score-card.js";
import { estimateText } from "../score/score-card-display.js";
import { type Lift, liftsOf } from "./lifts.js";
import { type MeanScoreCard, meanScoreCards } from "./mean-score-cards.js";
import { plainTable } from "./plain-table.js";
import type { Report } from "./report.js";

const nullNames: Readonly<Record<NullKind, string>> = {
  "another latent": "another latent's explanation",
  blank: "no explanation",
  "unigram rule": "the best list of tokens",
  "shuffled labels": "shuffled labels",
};

/** A line per lift: `detection: lift 0.62 (0.50 to 0.71) over another latent's explanation, 20 latents`. */
export function liftLines(report: Pick<Report, "rows" | "scorers">): string[] {
  return liftsOf(report).map((found) => {
    const { scorer, over, latents, discoveries } = found;
    const above = discoveries === undefined ? "" : `; ${discoveries} above it (FDR 5 %)`;
    return `${scorer}: lift ${liftText(found)} over ${nullNames[over]}, ${latents} latents${above}`;
  });
}

export function liftsHtml(report: Pick<Report, "rows" | "scorers">): Html | undefined {
  const lifts = liftsOf(report);
  if (lifts.length === 0) return undefined;
  const rows = lifts.map((found) => [
    found.scorer,
    nullNames[found.over],
    found.score.toFixed(2),
    found.nullScore.toFixed(2),
    liftText(found),
    String(found.latents),
    found.discoveries === undefined ? "" : String(found.discoveries),
  ]);
  const heads = ["scorer", "over", "mean score", "mean null", "lift", "latents", "above it, FDR 5 %"];
  return html`${plainTable(heads, rows)}
<p style="font-size:12px;opacity:.75">Lift is (score − null) / (1 − null) of the means over the same latents: 0 is no better than the null, 1 is perfect. Intervals of 95 % are by bootstrap over latents. A lift over the best list of tokens is what an explanation says that a list cannot.</p>`;
}

/** Mean score cards, one column per scorer. */
export function cardsHtml(report: Pick<Report, "rows" | "scorers">): Html | undefined {
  const cards = meanScoreCards(report).filter(({ judgements }) => judgements > 0);
  if (cards.length === 0) return undefined;
  const rows = cardMetrics
    .filter((metric) => cards.some(({ metrics }) => metrics[metric]))
    .map((metric) => [metric, ...cards.map(({ metrics }) => metricText(metrics[metric]))]);
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

function metricText(mean: MeanScoreCard["metrics"][keyof MeanScoreCard["metrics"]]): string {
  if (!mean) return "–";
  return mean.count > 1 ? `${estimateText(mean)} (${mean.count})` : `${mean.value.toFixed(2)} (1)`;
}

function liftText({ lift }: Lift): string {
  if (!lift) return "unknown";
  const [low, high] = lift.interval.map((limit) => limit.toFixed(2));
  return `${lift.value.toFixed(2)} (${low} to ${high})`;
}
