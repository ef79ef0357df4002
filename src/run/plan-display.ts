/** A plan as tables: for a terminal, and as HTML that survives a notebook's sanitiser. */
import { type Html, html } from "../html.js";
import { textTable } from "../text-table.js";
import type { Plan } from "./plan.js";

export function planText(plan: Plan): string {
  const tables = tablesOf(plan).map(({ rows, numbers }) => textTable(rows, { right: numbers }));
  return [title(plan), ...tables, plan.notes.join("\n")].join("\n\n");
}

/** Inline styles only: notebooks and GitHub strip style sheets. */
export function planHtml(plan: Plan): Html {
  return html`<p><b>${title(plan)}</b></p>
${tablesOf(plan).map(tableHtml)}
<p style="font-size:12px;opacity:.75">${plan.notes.join(" · ")}</p>`;
}

interface Table {
  /** The first one names the columns. */
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers, by index. */
  readonly numbers: readonly number[];
}

function tablesOf(plan: Plan): Table[] {
  const stages = ["stage", "model", "requests", "input tokens", "shared", "output tokens"];
  const prices = ["price", "live", "live, uncached", "batch", "batch, uncached"];
  const times = ["time", "live", "live, uncached", "batch", "limited by"];
  return [
    { rows: [stages, ...stageRows(plan)], numbers: [2, 3, 4, 5] },
    { rows: [prices, ...priceRows(plan)], numbers: [1, 2, 3, 4] },
    { rows: [times, ...timeRows(plan)], numbers: [1, 2, 3] },
  ];
}

function title({ latents, sampled }: Plan): string {
  const scaled = sampled === latents ? "" : `, scaled from ${sampled}`;
  return `Plan for ${number(latents)} latents${scaled}`;
}

function stageRows({ stages }: Plan): string[][] {
  const cells = (numbers: Pick<Plan["stages"][number], (typeof counts)[number]>) =>
    counts.map((name) => number(numbers[name]));
  const total = Object.fromEntries(
    counts.map((name) => [name, stages.reduce((sum, stage) => sum + stage[name], 0)]),
  ) as Record<(typeof counts)[number], number>;
  return [
    ...stages.map((stage) => [stage.stage, stage.model, ...cells(stage)]),
    ["total", "", ...cells(total)],
  ];
}

const counts = ["requests", "inputTokens", "sharedTokens", "outputTokens"] as const;

function priceRows({ prices }: Plan): string[][] {
  return prices.map(({ model, live, liveUncached, batch, batchUncached }) => [
    model,
    ...[live, liveUncached, batch, batchUncached].map(dollars),
  ]);
}

function timeRows({ times }: Plan): string[][] {
  return times.map(({ model, live, liveUncached, batchSeconds }) => [
    model,
    ...[live.seconds, liveUncached.seconds, batchSeconds].map(duration),
    live.limit === liveUncached.limit ? live.limit : `${live.limit}; uncached ${liveUncached.limit}`,
  ]);
}

function number(n: number): string {
  return n.toLocaleString("en-US");
}

/** Three digits are enough for a decision: $0.00123, $1.23, $12,345. */
function dollars(amount: number | undefined): string {
  if (amount === undefined) return "–";
  return `$${amount.toLocaleString("en-US", { maximumSignificantDigits: amount < 100 ? 3 : 5 })}`;
}

function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}

function tableHtml({ rows: [heads = [], ...rows], numbers }: Table): Html {
  const align = (i: number) => (numbers.includes(i) ? "right" : "left");
  const head = (text: string, i: number) =>
    html`<th style="text-align:${align(i)};padding:4px 10px;border-bottom:1px solid #8888">${text}</th>`;
  const cell = (text: string, i: number) =>
    html`<td style="text-align:${align(i)};padding:3px 10px;white-space:nowrap">${text}</td>`;
  return html`<table style="border-collapse:collapse;font-size:13px;line-height:1.35">
<thead><tr>${heads.map(head)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table>
`;
}
