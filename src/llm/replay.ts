import { ledgerPath, openLedger } from "./ledger.js";
import { notInLedger, type ReplayOptions, replayedModel } from "./replayed-model.js";
import { addressRequest } from "./request-key.js";
import type { TextModel } from "./text-model.js";

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
  const { name, settings } = replayedModel(path, ["text"], options);
  return {
    ...{ name, settings },
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      const found = ledger.find(addressRequest(name, request, settings).key);
      if (found) return found.reply;
      throw notInLedger(name, path);
    },
  };
}
