import { choicesAddress, choicesOfNumbers, scoresAddress, scoresOfNumbers } from "./kept-token-scorer.js";
import { ledgerPath, openLedger } from "./ledger.js";
import { notInLedger, type ReplayOptions, replayedModel } from "./replayed-model.js";
import type { AddressedRequest } from "./request-key.js";
import { emptyScores, type TokenScorer } from "./token-scorer.js";

/**
 * A token scorer that takes its log-probabilities from a ledger and nothing else, as `replay` does with replies.
 *
 * @param place As for `withLedger`.
 * @throws {FileError} If there is no ledger, or it cannot be read.
 * @throws {RangeError} If it holds no log-probabilities of that model, or of several and none is named.
 */
export function replayTokenScorer(place: string, options: ReplayOptions = {}): TokenScorer {
  const path = ledgerPath(place);
  const scorer = replayedModel(path, ["log-probabilities", "choices"], options);
  const ledger = openLedger(path, { mustExist: true, numbers: true });
  const numbersAt = ({ key }: AddressedRequest) => {
    const found = ledger.findNumbers(key);
    if (found) return found;
    throw notInLedger(scorer.name, path);
  };
  return {
    ...scorer,
    async score(prefix, texts, { signal } = {}) {
      signal?.throwIfAborted();
      return texts.map((text) =>
        text === "" ? emptyScores() : scoresOfNumbers(numbersAt(scoresAddress(scorer, { prefix, text }))),
      );
    },
    async choose(prefix, segments, { candidates, signal }) {
      signal?.throwIfAborted();
      const numbers = numbersAt(choicesAddress(scorer, { prefix, segments, candidates }));
      return choicesOfNumbers(numbers, candidates.length);
    },
  };
}
