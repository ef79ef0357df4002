import { type Html, html } from "../html.js";

/** A table as HTML that survives a notebook's sanitiser: the first column to the left, the others to the right. */
export function plainTable(heads: readonly string[], rows: readonly (readonly string[])[]): Html {
  const align = (i: number) => (i === 0 ? "left" : "right");
  const cell = (text: string, i: number) =>
    html`<td style="text-align:${align(i)};padding:2px 10px;white-space:nowrap">${text}</td>`;
  const head = (text: string, i: number) =>
    html`<th style="text-align:${align(i)};padding:4px 10px;border-bottom:1px solid #8888">${text}</th>`;
  return html`<table style="border-collapse:collapse;font-size:13px;line-height:1.35">
<thead><tr>${heads.map(head)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table>`;
}
