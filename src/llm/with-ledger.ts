import type { Embedder } from "./embedder.js";
import { keptEmbedder } from "./kept-embedder.js";
import { keptTextModel } from "./kept-text-model.js";
import { keptTokenScorer } from "./kept-token-scorer.js";
import type { TextModel } from "./text-model.js";
import type { TokenScorer } from "./token-scorer.js";

/**
 * The same model, token scorer or embedder with a memory: a request that the ledger knows is answered from there, any
 * other is recorded with its answer before it is used. Equal requests at the same time make one call. A second run with
 * the same ledger makes no call. One ledger takes any number of models of every kind; those that compute in this process
 * need none.
 *
 * @param place A file that ends in `.sqlite`, or a folder, which gets the file `ledger.sqlite`.
 */
export function withLedger(model: TextModel, place: string): TextModel;
export function withLedger(model: TokenScorer, place: string): TokenScorer;
export function withLedger(model: Embedder, place: string): Embedder;
export function withLedger(
  model: TextModel | TokenScorer | Embedder,
  place: string,
): TextModel | TokenScorer | Embedder {
  if ("embed" in model) return keptEmbedder(model, place);
  return "choose" in model ? keptTokenScorer(model, place) : keptTextModel(model, place);
}
