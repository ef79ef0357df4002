import type { Usage } from "./text-model.js";

/** What became of one question to a language model. A failed reply is never an answer. */
export type Outcome<T> =
  | { readonly status: "ok"; readonly value: T }
  | {
      readonly status: "refused" | "unparsed" | "truncated" | "failed";
      /** One sentence. */
      readonly reason: string;
      /** The raw reply, where there was one. */
      readonly reply?: string;
      /** What it cost all the same, where that is known. */
      readonly usage?: Usage;
      /** Of `failed`: it would fail again, as nobody could be asked, e.g. a text that is longer than the model reads. */
      readonly lasting?: true;
    };

export type Failure = Exclude<Outcome<never>, { status: "ok" }>;
export type FailureStatus = Failure["status"];

/**
 * Whether a call failed and left no answer, as in an outage: asked again, it may be answered. A refusal, a cut and an
 * unreadable reply are answers of the model.
 */
export function isLost(outcome: Outcome<unknown>): boolean {
  return outcome.status === "failed" && !outcome.lasting;
}
