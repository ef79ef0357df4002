import { inspect } from "node:util";
import type { MimeBundle } from "./messages.js";
import { isRecordArray, tableBundle } from "./table.js";

/** Method by which a value says how it is shown; it returns a MIME bundle or a promise of one. */
export const displaySymbol = Symbol.for("Jupyter.display");

/** Longest plain text of a value, in characters; longer text is cut with a notice. */
const maxText = 100_000;

/**
 * The MIME bundle of a value: its own (`value[Symbol.for("Jupyter.display")]()`), a table for an array of plain
 * objects, else plain text. Synchronous unless the value's own method is not.
 */
export function mimeBundleOf(value: unknown): MimeBundle | Promise<MimeBundle> {
  const own = ownBundle(value);
  if (own === undefined)
    return isRecordArray(value) ? tableBundle(value) : { "text/plain": plainText(value) };
  if (isPromiseLike(own)) return own.then((bundle) => normalized(bundle, value));
  return normalized(own, value);
}

function ownBundle(value: unknown): MimeBundle | Promise<MimeBundle> | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  const show = (value as Record<symbol, unknown>)[displaySymbol];
  return typeof show === "function" ? show.call(value) : undefined;
}

/** Whether a value can be awaited. */
export function isPromiseLike<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Bytes become base64, text types strings; there is always `text/plain`, which every front end can show. */
export function normalizedBundle(bundle: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(Object.entries(bundle).map(([type, data]) => [type, normalizedData(type, data)]));
}

function normalized(bundle: MimeBundle, value: unknown): MimeBundle {
  if (typeof bundle !== "object" || bundle === null) return { "text/plain": plainText(value) };
  const data = normalizedBundle(bundle);
  if (!("text/plain" in data)) data["text/plain"] = nameOf(value);
  return data;
}

function normalizedData(type: string, data: unknown): unknown {
  if (data instanceof Uint8Array) {
    const isText = /^text\/|\+xml$/.test(type);
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString(isText ? "utf8" : "base64");
  }
  return data;
}

function nameOf(value: unknown): string {
  const name = (value as { constructor?: { name?: string } }).constructor?.name;
  return `[${name || "object"}]`;
}

/** Plain text of any value, as Node prints it. */
export function plainText(value: unknown): string {
  const text = inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: maxText, breakLength: 100 });
  return text.length > maxText
    ? `${text.slice(0, maxText)}… (${text.length - maxText} more characters)`
    : text;
}
