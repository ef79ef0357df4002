/** Keeps the front end alive: what is too long is cut, and a notice says how much and how to see it. */
import type { Json } from "./messages.js";

const advice = "kernel.outputLimit(characters) or SAELAB_OUTPUT_LIMIT raises the limit";

/** Counts what each cell prints. */
export class PrintLimit {
  readonly #printed = new Map<string | undefined, number>();

  /** What of a text that a cell prints is shown; where the limit is passed, with a notice. */
  take(cell: string | undefined, text: string, limit: number): string {
    const before = this.#printed.get(cell) ?? 0;
    this.#printed.set(cell, before + text.length);
    if (before + text.length <= limit) return text;
    if (before > limit) return "";
    return `${text.slice(0, limit - before)}\n[Cut after ${count(limit)} characters; ${advice}]\n`;
  }

  /** What is said at the end of a cell that printed more than is shown. */
  closing(cell: string | undefined, limit: number): string {
    const cut = (this.#printed.get(cell) ?? 0) - limit;
    return cut > 0 ? `[${count(cut)} more characters are not shown]\n` : "";
  }
}

/** A MIME bundle without what is too long: plain text is cut, other types are left out, and plain text says so. */
export function limitedBundle(bundle: Json, limit: number): Json {
  const long = Object.keys(bundle).filter((type) => lengthOf(bundle[type]) > limit);
  if (long.length === 0) return bundle;
  const kept = Object.fromEntries(Object.entries(bundle).filter(([type]) => !long.includes(type)));
  const plain = String(bundle["text/plain"] ?? "").slice(0, limit);
  const notices = long.map((type) => {
    const length = count(lengthOf(bundle[type]));
    if (type === "text/plain") return `[Cut after ${count(limit)} of ${length} characters; ${advice}]`;
    return `[${type} left out: ${length} characters, the limit is ${count(limit)}; ${advice}]`;
  });
  return { ...kept, "text/plain": [plain, ...notices].join("\n") };
}

function lengthOf(data: unknown): number {
  return typeof data === "string" ? data.length : (JSON.stringify(data)?.length ?? 0);
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
