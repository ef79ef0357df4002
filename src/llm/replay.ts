import { ModelCallError } from "../errors.js";
import { ledgerPath, openLedger, openLedgerFile } from "./ledger.js";
import { addressRequest } from "./request-key.js";
import type { TextModel } from "./text-model.js";

/**
 * A model that answers from a ledger and nothing else: no key, no network, nothing is written. It bears the name of
 * the model that the ledger is of. What the ledger does not hold is a call that failed, for that question alone.
 *
 * @param place As for `withLedger`.
 * @param options.model Which model's replies; needed where the ledger holds those of several.
 * @throws {FileError} If there is no ledger, or it cannot be read.
 * @throws {RangeError} If it holds no replies of that model, or of several and none is named.
 */
export function replay(place: string, options: { model?: string } = {}): TextModel {
  const path = ledgerPath(place);
  const ledger = openLedger(place, { mustExist: true });
  const name = oneModel(path, options.model);
  return {
    name,
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      const found = ledger.find(addressRequest(name, request).key);
      if (found) return found.reply;
      throw new ModelCallError(
        `Cannot answer as "${name}" from "${path}": this question is not in the ledger; use the settings that it was made with, or ask the model itself with withLedger(model, "${path}")`,
        "call",
      );
    },
  };
}

function oneModel(path: string, wanted: string | undefined): string {
  const sql = "SELECT DISTINCT model FROM call WHERE reply IS NOT NULL ORDER BY model";
  const models = openLedgerFile(path, { mustExist: true })
    .rows(sql)
    .map(([model]) => model as string);
  const [only] = models;
  const found = wanted === undefined ? models.length === 1 : models.includes(wanted);
  if (found) return wanted ?? (only as string);
  const there = models.length === 0 ? "no replies" : `replies of ${models.map((m) => `"${m}"`).join(", ")}`;
  const advice = models.length === 0 ? "make them with withLedger()" : "name one of these as model";
  throw new RangeError(
    `Cannot replay "${path}"${wanted ? ` as "${wanted}"` : ""}: it holds ${there}; ${advice}`,
  );
}
