import { isDeepStrictEqual } from "node:util";
import { ModelCallError } from "../errors.js";
import type { Settings } from "../settings.js";
import { ledgerPath, openLedger, openLedgerFile } from "./ledger.js";
import { addressRequest } from "./request-key.js";
import type { TextModel } from "./text-model.js";

export interface ReplayOptions {
  /** Which model's replies; needed where the ledger holds those of several. */
  model?: string | undefined;
  /** Some of that model's settings, as `{ server: "http://127.0.0.1:8000/v1" }`; needed where it was asked with several. */
  settings?: Settings | undefined;
}

/**
 * A model that answers from a ledger and nothing else: no key, no network, nothing is written. It bears the name and the
 * settings of the model that the ledger is of. What the ledger does not hold is a call that failed, for that question alone.
 *
 * @param place As for `withLedger`.
 * @throws {FileError} If there is no ledger, or it cannot be read.
 * @throws {RangeError} If it holds no replies of that model, or of several and none is named.
 */
export function replay(place: string, options: ReplayOptions = {}): TextModel {
  const path = ledgerPath(place);
  const ledger = openLedger(place, { mustExist: true });
  const { name, settings } = oneModel(path, options);
  return {
    ...{ name, settings },
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      const found = ledger.find(addressRequest(name, request, settings).key);
      if (found) return found.reply;
      throw new ModelCallError(
        `Cannot answer as "${name}" from "${path}": this question is not in the ledger; use the settings that it was made with, or ask the model itself with withLedger(model, "${path}")`,
        "call",
      );
    },
  };
}

type Known = Pick<TextModel, "name" | "settings">;

const modelsSql = `SELECT DISTINCT model, json_extract(parameters, '$.settings') FROM call
  WHERE reply IS NOT NULL ORDER BY 1, 2`;

function oneModel(path: string, { model, settings }: ReplayOptions): Known {
  const models = openLedgerFile(path, { mustExist: true })
    .rows(modelsSql)
    .map(([name, json]): Known => ({ name: String(name), settings: JSON.parse(String(json)) ?? undefined }));
  const meant = models.filter(
    (one) => (model === undefined || one.name === model) && holds(one.settings, settings),
  );
  const [only] = meant;
  if (only && meant.length === 1) return only;
  const asked = [...(model ? [`"${model}"`] : []), ...(settings ? [JSON.stringify(settings)] : [])];
  const there = models.length === 0 ? "no replies" : `replies of ${models.map(nameOf).join(", ")}`;
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
