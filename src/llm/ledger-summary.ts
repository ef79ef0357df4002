import { type Displayable, displayable } from "../display.js";
import type { Database } from "./database.js";
import { openLedgerFile } from "./ledger.js";
import type { Outcome } from "./outcome.js";

/** What the calls to one model came to. */
export interface ModelSummary {
  readonly model: string;
  /** Calls that ended, answered or not. */
  readonly calls: number;
  /**
   * Each call once, by what the newest parser made of its reply. `unread` is a whole reply that nobody has read. Calls for
   * vectors and log-probabilities are `ok` or `failed`.
   */
  readonly outcomes: Readonly<Partial<Record<Outcome<unknown>["status"] | "unread", number>>>;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The part of `inputTokens` that was read from the service's prompt cache. */
  readonly cachedInputTokens: number;
  /** US dollars; `undefined` where no call has a known price. */
  readonly dollars: number | undefined;
  /** Time to an answer in milliseconds, at the middle and at 95 % of the answered calls. */
  readonly latencyMs: { readonly p50: number; readonly p95: number } | undefined;
}

export interface LedgerSummary {
  readonly models: readonly ModelSummary[];
  /** One line for each model. */
  readonly text: string;
}

/**
 * What the calls in a ledger came to and cost. Shows itself as text in a notebook.
 *
 * @param place As for `withLedger`.
 * @throws {FileError} If there is no ledger, or it cannot be read.
 */
export function ledgerSummary(place: string): LedgerSummary & Displayable {
  const database = openLedgerFile(place, { mustExist: true });
  const models = database.rows(totalsSql).map((totals) => modelSummary(database, totals));
  const text = models.map(summaryLine).join("\n") || "no calls";
  return displayable({ models, text }, (shown) => ({ "text/plain": shown.text }));
}

const totalsSql = `SELECT model, count(*), sum(input_tokens), sum(output_tokens), sum(cached_input_tokens),
  sum(dollars), count(latency_ms) FILTER (WHERE failure IS NULL) FROM call GROUP BY model ORDER BY model`;

/** The newest of a parser's versions is the longest and last: `answers 10` comes after `answers 9`. */
const outcomesSql = `SELECT coalesce(
    (SELECT status FROM outcome WHERE call = id ORDER BY length(parser) DESC, parser DESC LIMIT 1),
    CASE WHEN failure IS NOT NULL THEN 'failed' WHEN reply IS NULL THEN 'ok' WHEN stop = 'end' THEN 'unread'
      ELSE stop END) AS status, count(*)
  FROM call WHERE model = ? GROUP BY status ORDER BY count(*) DESC`;

const latencySql = `SELECT latency_ms FROM call WHERE model = ? AND failure IS NULL AND latency_ms IS NOT NULL
  ORDER BY latency_ms LIMIT 1 OFFSET ?`;

type Totals = [string, number, number | null, number | null, number | null, number | null, number];

function modelSummary(database: Database, totals: unknown[]): ModelSummary {
  const [model, calls, inputTokens, outputTokens, cachedInputTokens, dollars, timed] = totals as Totals;
  /** Nearest rank. */
  const latency = (share: number) =>
    database.row(latencySql, model, Math.ceil(share * timed) - 1)?.[0] as number;
  return {
    model,
    calls,
    outcomes: Object.fromEntries(database.rows(outcomesSql, model)),
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedInputTokens: cachedInputTokens ?? 0,
    dollars: dollars ?? undefined,
    latencyMs: timed > 0 ? { p50: latency(0.5), p95: latency(0.95) } : undefined,
  };
}

function summaryLine(summary: ModelSummary): string {
  const { model, calls, outcomes, dollars, latencyMs } = summary;
  const parts = [
    `${model}: ${whole(calls)} calls`,
    Object.entries(outcomes)
      .map(([status, n]) => `${whole(n)} ${status}`)
      .join(", "),
    `${whole(summary.inputTokens)} input tokens (${whole(summary.cachedInputTokens)} cached), ${whole(summary.outputTokens)} output`,
    dollars === undefined ? "price not known" : `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`,
    ...(latencyMs ? [`answers in ${whole(latencyMs.p50)} ms, 95 % within ${whole(latencyMs.p95)} ms`] : []),
  ];
  return parts.join(" · ");
}

function whole(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}
