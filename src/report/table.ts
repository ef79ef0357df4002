/** A report as a table: for a terminal, and as HTML that survives a notebook's sanitiser. */
import { type Html, html } from "../html.js";
import { latentName } from "../latent.js";
import { outcomesLine } from "../run/outcome-counts.js";
import type { Score } from "../score/scorer.js";
import { headlineLines, liftGridHtml, liftsText, nullLines } from "./lift-table.js";
import { measuresOf } from "./measures-of.js";
import type { Report, ReportRow } from "./report.js";
import { sampleSizeLines } from "./sample-size-line.js";

/** Columns of equal width; the explanation last, cut to `width`. */
export function tableText(report: Report, width = 150): string {
  const { rows, scorers, madeBy, summary } = report;
  const heads = ["latent", "density", ...scorers, "explanation"];
  const lines = rows.map((row) => [
    latentName(row.latent),
    percent(row.density),
    ...scorers.map((scorer) => scoreText(row.scores[scorer])),
    labelled(row) ?? `${row.status}: ${row.reason}`,
  ]);
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const format = (line: readonly string[]) => {
    const cells = line.map((cell, i) => (i === line.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)));
    return cut(cells.join("  "), width);
  };
  const rule = widths.map((w) => "─".repeat(Math.min(w, 40))).join("  ");
  return [
    format(heads),
    cut(rule, width),
    ...lines.map(format),
    "",
    ...summary,
    ...headlineLines(report),
    ...liftsText(report),
    ...restLines(report),
    madeBy,
  ].join("\n");
}

/** What the numbers rest on. */
function restLines(report: Report): string[] {
  return [...nullLines(report), ...sampleSizeLines(report), outcomesLine(report.outcomes)];
}

function headlineHtml(report: Report): Html | undefined {
  const lines = headlineLines(report);
  if (lines.length === 0) return undefined;
  return html`<p style="font-size:13px"><b>${lines.join(" · ")}</b></p>${liftGridHtml(report)}`;
}

/** Inline styles only: notebooks and GitHub strip style sheets. */
export function tableHtml(report: Report): Html {
  const { rows, scorers, madeBy, summary } = report;
  const head = (text: string, align = "right") =>
    html`<th style="text-align:${align};padding:4px 10px;border-bottom:1px solid #8888">${text}</th>`;
  return html`<table style="border-collapse:collapse;font-size:13px;line-height:1.35">
<thead><tr>${head("latent", "left")}${head("density")}${scorers.map((scorer) => head(scorer))}${head("explanation", "left")}</tr></thead>
<tbody>${rows.map((row) => rowHtml(row, scorers))}</tbody></table>
${headlineHtml(report)}<p style="font-size:12px;opacity:.75">${[...summary, ...restLines(report)].join(" · ")}<br>${[madeBy, ...measuresOf(report), "Intervals are of 95 %"].join(". ")}.</p>`;
}

function rowHtml(row: ReportRow, scorers: readonly string[]): Html {
  const cell = (content: Html | string, style = "text-align:right;white-space:nowrap") =>
    html`<td style="${style};padding:3px 10px;vertical-align:top">${content}</td>`;
  const text = labelled(row) ?? html`<i>${row.status}: ${row.reason}</i>`;
  return html`<tr>${cell(latentName(row.latent), "text-align:left;white-space:nowrap;font-family:monospace")}${cell(percent(row.density))}${scorers.map((scorer) => cell(scoreHtml(row, scorer)))}${cell(text, "text-align:left")}</tr>
`;
}

/** The explanation, and what kind of latent it is of. */
function labelled({ explanation, labels }: ReportRow): string | undefined {
  if (explanation === undefined || labels.length === 0) return explanation;
  return `[${labels.join("; ")}] ${explanation}`;
}

function scoreHtml({ scores, unscored }: ReportRow, scorer: string): Html {
  const score = scores[scorer];
  const failed = unscored.find((one) => one.scorer === scorer);
  if (failed) return html`<span title="${failed.reason}">–</span>`;
  if (score?.value === undefined) return html`–`;
  const interval = score.interval?.map((end) => end.toFixed(2)).join("–");
  const { value, chance } = score;
  const bar = Math.round((100 * Math.max(0, value - chance)) / (1 - chance));
  const fill = `linear-gradient(90deg,#f5a62355 ${bar}%,transparent ${bar}%)`;
  return html`<span style="display:inline-block;min-width:8em;padding:0 4px;background:${fill}" title="${unansweredText(score)}">${value.toFixed(2)} <span style="opacity:.6">${interval}</span></span>`;
}

function unansweredText({ answered, unanswered }: Score): string {
  return `${answered} judgements${unanswered > 0 ? `, ${unanswered} without an answer` : ""}`;
}

function scoreText(score: Score | undefined): string {
  if (score?.value === undefined) return "–";
  const mark = score.unanswered > 0 ? "*" : "";
  return `${score.value.toFixed(2)}${mark}`;
}

function percent(share: number | undefined): string {
  return share === undefined ? "–" : `${(100 * share).toFixed(2)} %`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
