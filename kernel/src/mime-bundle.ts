import { inspect } from "node:util";
import { arrowBundle, isArrowTable } from "./arrow-table.js";
import type { MimeBundle } from "./messages.js";
import { isRecordArray, tableBundle } from "./table.js";

/** Method by which a value says how it is shown; it returns a MIME bundle or a promise of one. */
export const displaySymbol = Symbol.for("Jupyter.display");

/** Longest plain text of a value, in characters; longer text is cut with a notice. */
const maxText = 100_000;

/** Done at once, or later. */
export type Shown<T> = T | Promise<T>;

/**
 * The MIME bundle of a value: its own (`value[Symbol.for("Jupyter.display")]()`), a table for an array of plain
 * objects or for an Arrow table, a chart for a Vega or Vega-Lite specification, else plain text. Synchronous unless the
 * value's own method is not.
 */
export function mimeBundleOf(value: unknown): Shown<MimeBundle> {
  const own = ownBundle(value);
  if (isPromiseLike(own)) return own.then((bundle) => normalized(bundle, value));
  if (own !== undefined) return normalized(own, value);
  if (isRecordArray(value)) return tableBundle(value);
  if (isArrowTable(value)) return arrowBundle(value);
  return { ...chartBundle(value), "text/plain": plainText(value) };
}

function ownBundle(value: unknown): Shown<MimeBundle> | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  const show = (value as Record<symbol, unknown>)[displaySymbol];
  return typeof show === "function" ? show.call(value) : undefined;
}

/** Newest version of charts that front ends have a renderer for; it draws most of what later ones say. */
const newestChart = 5;

/** Specifications of charts name their language and its version: `https://vega.github.io/schema/vega-lite/v5.json`. */
function chartBundle(value: unknown): MimeBundle {
  const schema = (value as { $schema?: unknown } | null | undefined)?.$schema;
  const [, language, version] = /\/(vega|vega-lite)\/v(\d+)\b/.exec(String(schema)) ?? [];
  if (!language) return {};
  const shown = Math.min(Number(version), newestChart);
  return { [`application/vnd.${language.replace("-", "")}.v${shown}+json`]: value };
}

/** Whether a value can be awaited. */
export function isPromiseLike<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Bytes become base64, text types strings; there is always `text/plain`, which every front end can show. */
export function normalizedBundle(bundle: MimeBundle): Record<string, unknown> {
  const data = Object.fromEntries(
    Object.entries(bundle).map(([type, content]) => [type, normalizedData(type, content)]),
  );
  return { "text/plain": plainTextFor(data), ...data };
}

function normalized(bundle: MimeBundle, value: unknown): MimeBundle {
  if (typeof bundle !== "object" || bundle === null) return { "text/plain": plainText(value) };
  return normalizedBundle(bundle);
}

function normalizedData(type: string, data: unknown): unknown {
  if (data instanceof Uint8Array) {
    const isText = /^text\/|\+xml$/.test(type);
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString(isText ? "utf8" : "base64");
  }
  return data;
}

/** What stands for a bundle where only text can be shown: its words, else its types. */
function plainTextFor(bundle: MimeBundle): string {
  const html = bundle["text/html"];
  if (typeof html === "string") {
    const words = html.replace(/<(style|script)\b[\s\S]*?<\/\1>/gi, "").replace(/<[^>]*>/g, " ");
    const text = words.replace(/\s+/g, " ").trim();
    if (text) return cut(text);
  }
  const written = bundle["text/markdown"] ?? bundle["text/latex"];
  return typeof written === "string" ? cut(written) : `[${Object.keys(bundle).join(", ")}]`;
}

/** Plain text of any value, as Node prints it. */
export function plainText(value: unknown): string {
  return cut(inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: maxText, breakLength: 100 }));
}

function cut(text: string): string {
  return text.length > maxText
    ? `${text.slice(0, maxText)}… (${text.length - maxText} more characters)`
    : text;
}
