import { inspect } from "node:util";
import type { MimeBundle } from "./messages.js";

/** Rows and columns shown; the notice below the table says how many there are. */
export const maxRows = 100;
const maxColumns = 30;
/** Characters of a cell. */
const maxCell = 200;

/** A plain object as a row. */
export type Row = Readonly<Record<string, unknown>>;

/** Whether a value is an array of plain objects, which is shown as a table. */
export function isRecordArray(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.slice(0, maxRows).every(isRow);
}

/** Whether a value is a plain object that has something to show and does not show itself. */
export function isRow(value: unknown): value is Row {
  if (value === null || typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  const plain = prototype === null || prototype === Object.prototype;
  return plain && !(Symbol.for("Jupyter.display") in value) && Object.keys(value).length > 0;
}

/** Options of `tableBundle()`. */
export interface TableOptions {
  /** How many rows there are, when not all of them are given. */
  readonly total?: number;
  /** Names of the columns; by default, of the rows' properties. */
  readonly columns?: readonly string[];
  /** A line below the table. */
  readonly note?: string;
}

/** Shows rows as a table: HTML, and aligned plain text. */
export function tableBundle(
  rows: readonly Row[],
  { total = rows.length, columns: named, note }: TableOptions = {},
): MimeBundle {
  const shown = rows.slice(0, maxRows);
  const all = named ?? [...new Set(shown.flatMap((row) => Object.keys(row)))];
  const columns = all.slice(0, maxColumns);
  const cells = shown.map((row) => columns.map((column) => cellText(row[column])));
  const numeric = columns.map((column) => shown.every((row) => isNumber(row[column])));
  const notes = [note, cutNotice(total, all.length)].filter((line): line is string => !!line);
  return {
    "text/plain": [textTable({ columns, cells, numeric }), ...notes].join("\n"),
    "text/html":
      htmlTable({ columns, cells, numeric }) + notes.map((line) => `<p>${escapeHtml(line)}</p>`).join(""),
  };
}

interface Table {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly string[])[];
  readonly numeric: readonly boolean[];
}

function isNumber(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "number" || typeof value === "bigint";
}

function cutNotice(rows: number, columns: number): string {
  const cut = [
    rows > maxRows ? `${maxRows} of ${rows} rows` : "",
    columns > maxColumns ? `${maxColumns} of ${columns} columns` : "",
  ].filter(Boolean);
  return cut.length > 0 ? `Shown: ${cut.join(", ")}` : "";
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  const text =
    typeof value === "object" ? inspect(value, { depth: 1, breakLength: Infinity }) : String(value);
  return text.length > maxCell ? `${text.slice(0, maxCell)}…` : text;
}

function textTable({ columns, cells, numeric }: Table): string {
  const clean = cells.map((row) => row.map((cell) => cell.replace(/\s+/g, " ")));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...clean.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(columns), widths.map((width) => "─".repeat(width)).join("  "), ...clean.map(line)].join("\n");
}

function htmlTable({ columns, cells, numeric }: Table): string {
  const style = (i: number) => (numeric[i] ? ' style="text-align:right"' : ' style="text-align:left"');
  const head = columns.map((column, i) => `<th${style(i)}>${escapeHtml(column)}</th>`).join("");
  const body = cells
    .map((row) => `<tr>${row.map((cell, i) => `<td${style(i)}>${escapeHtml(cell)}</td>`).join("")}</tr>`)
    .join("\n");
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

/** Text as HTML. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
