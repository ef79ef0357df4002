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
    };

export type Failure = Exclude<Outcome<never>, { status: "ok" }>;
export type FailureStatus = Failure["status"];
