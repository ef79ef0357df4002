import { isDeepStrictEqual } from "node:util";
import { ModelCallError } from "../errors.js";
import type { Settings } from "../settings.js";
import { openLedgerFile } from "./ledger.js";
import type { NumbersRequest } from "./request-key.js";
import type { TextModel } from "./text-model.js";

export interface ReplayOptions {
  /** Which model's replies; needed where the ledger holds those of several. */
  model?: string | undefined;
  /** That model's settings, or some of them, as `{ server: "http://127.0.0.1:8000/v1" }`; needed where it was asked with several. */
  settings?: Settings | undefined;
}

/** What a model is asked for. */
type Kind = "text" | NumbersRequest["wanted"]["numbers"];

type Known = Pick<TextModel, "name" | "settings">;

const modelsSql = `SELECT DISTINCT model, json_extract(parameters, '$.settings') FROM call
  WHERE failure IS NULL AND coalesce(json_extract(parameters, '$.numbers'), 'text') IN (?, ?) ORDER BY 1, 2`;

/**
 * The one model whose answers of some kinds are to be replayed.
 *
 * @throws {FileError} If there is no ledger, or it cannot be read.
 * @throws {RangeError} If it holds no answers of that model, or of several and none is named.
 */
export function replayedModel(
  path: string,
  [kind, other = kind]: readonly [Kind, Kind?],
  { model, settings }: ReplayOptions,
): Known {
  const models = openLedgerFile(path, { mustExist: true })
    .rows(modelsSql, kind, other)
    .map(([name, json]): Known => ({ name: String(name), settings: JSON.parse(String(json)) ?? undefined }));
  const meant = models.filter(
    (one) => (model === undefined || one.name === model) && holds(one.settings, settings),
  );
  const exact = meant.filter((one) => isDeepStrictEqual(one.settings ?? {}, settings));
  const [only, another] = exact.length === 1 ? exact : meant;
  if (only && !another) return only;
  const asked = [...(model ? [`"${model}"`] : []), ...(settings ? [JSON.stringify(settings)] : [])];
  const what = kind === "text" ? "replies" : "numbers";
  const there = models.length === 0 ? `no ${what}` : `${what} of ${models.map(nameOf).join(", ")}`;
  const advice =
    models.length === 0 ? "make them with withLedger()" : "name one of these as model, and with settings";
  throw new RangeError(
    `Cannot replay "${path}"${asked.length > 0 ? ` as ${asked.join(" with ")}` : ""}: it holds ${there}; ${advice}`,
  );
}

function holds(settings: Settings = {}, wanted: Settings = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(settings[name], value));
}

function nameOf({ name, settings }: Known): string {
  return `"${name}"${settings ? ` with ${JSON.stringify(settings)}` : ""}`;
}

/** That a ledger lacks an answer: a call that failed, for that question alone. */
export function notInLedger(name: string, path: string): ModelCallError {
  return new ModelCallError(
    `Cannot answer as "${name}" from "${path}": this question is not in the ledger; use the settings that it was made with, or ask the model itself with withLedger(model, "${path}")`,
    "call",
  );
}
