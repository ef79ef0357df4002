import type { Latent } from "../latent.js";
import type { Usage } from "../llm/text-model.js";

/**
 * What a score is held against. `another latent`: the explanation of another latent of the run, judged on this one's
 * examples. `blank`: no explanation. `unigram rule`: the best list of tokens that can be learnt from the training examples.
 * `shuffled labels`: the judge's own answers, held against truths in random order.
 */
export const nullKinds = ["another latent", "blank", "unigram rule", "shuffled labels"] as const;
export type NullKind = (typeof nullKinds)[number];

/** What a null gets on the examples of a latent, by the measure of the scorer. */
export interface NullScore {
  readonly kind: NullKind;
  readonly scorer: string;
  /** `undefined` where it does not exist; `reason` may say why. */
  readonly value: number | undefined;
  readonly interval: readonly [number, number] | undefined;
  readonly reason?: string;
  /** Calls for it failed: when the run is taken up again, it is judged again. */
  readonly incomplete?: true;
  /** Of `another latent`: whose explanation it was. */
  readonly from?: Latent;
  /** Of `unigram rule`: the tokens' texts. */
  readonly tokens?: readonly string[];
  /** Of `shuffled labels`: the chance of a score as high as the latent's or higher, if the answers knew nothing. */
  readonly pValue?: number;
  /** What the judge cost, where it was asked. */
  readonly usage?: Usage;
}
