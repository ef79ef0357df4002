import type { Embedder } from "./embedder.js";
import { vectorAddress } from "./kept-embedder.js";
import { ledgerPath, openLedger } from "./ledger.js";
import { notInLedger, type ReplayOptions, replayedModel } from "./replayed-model.js";
import { textRows } from "./text-rows.js";

/**
 * An embedder that takes its vectors from a ledger and nothing else, as `replay` does with replies.
 *
 * @param place As for `withLedger`.
 * @throws {FileError} If there is no ledger, or it cannot be read.
 * @throws {RangeError} If it holds no vectors of that model, or of several and none is named.
 */
export function replayEmbedder(place: string, options: ReplayOptions = {}): Embedder {
  const path = ledgerPath(place);
  const embedder = replayedModel(path, ["vector"], options);
  const ledger = openLedger(path, { mustExist: true, numbers: true });
  return {
    ...embedder,
    async embed(texts, { signal } = {}) {
      signal?.throwIfAborted();
      const vectorOf = (text: string) => {
        const found = ledger.findNumbers(vectorAddress(embedder, text).key);
        if (found) return found.data;
        throw notInLedger(embedder.name, path);
      };
      return textRows(texts, texts.filter((text) => text !== "").map(vectorOf));
    },
  };
}
