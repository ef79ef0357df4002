import { type Html, html } from "../html.js";
import type { Estimate } from "../stats/estimate.js";
import type { ScoreCard } from "./score-card.js";

/** `0.82 0.71–0.90`. */
export function estimateText({ value, interval: [low, high] }: Estimate): string {
  return `${value.toFixed(2)} ${low.toFixed(2)}–${high.toFixed(2)}`;
}

/** Lines of a card: what, and how much. */
export function scoreCardLines(card: ScoreCard): (readonly [name: string, value: string])[] {
  const estimates = Object.entries({ ...card.metrics, ...card.also }).map(
    ([name, estimate]) => [name, estimateText(estimate)] as const,
  );
  const rates = <K>(map: ReadonlyMap<K, Estimate & { n: number }>, name: (key: K) => string) =>
    [...map].map(([key, rate]) => [name(key), `${estimateText(rate)} of ${rate.n}`] as const);
  return [
    ...estimates,
    ...rates(card.byQuantile, (quantile) => `called so, Q${quantile + 1}`),
    ...rates(card.byKind, (kind) => `called not so, ${kind}`),
  ];
}

/** How many judgements, of which mix. */
export function scoreCardMix({ n, positiveShare, unansweredShare }: ScoreCard): string {
  if (n === 0) return "no judgement has an answer";
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return `${n} judgements, in ${percent(positiveShare)} of which the latent fires; ${percent(unansweredShare)} of all had no answer`;
}

export function scoreCardText(card: ScoreCard): string {
  const lines = scoreCardLines(card);
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  const head = `${card.scorer} by ${card.model}: ${scoreCardMix(card)}`;
  return [head, ...lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join("\n");
}

/** Inline styles only: notebooks strip style sheets. */
export function scoreCardHtml(card: ScoreCard): Html {
  const row = ([name, value]: readonly [string, string]) =>
    html`<tr><td style="text-align:left;padding:1px 14px 1px 0">${name}</td><td style="text-align:left;padding:1px 0;white-space:nowrap">${value}</td></tr>`;
  return html`<table style="border-collapse:collapse;font-size:13px;line-height:1.35;display:inline-table;margin:0 2em 1em 0;vertical-align:top">
<caption style="text-align:left;font-weight:600">${card.scorer} <span style="font-weight:400;opacity:.75">by ${card.model}: ${scoreCardMix(card)}; intervals of 95 %</span></caption>
<tbody>${scoreCardLines(card).map(row)}</tbody></table>`;
}
