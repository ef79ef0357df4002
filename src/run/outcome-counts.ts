import type { Outcome } from "../llm/outcome.js";
import type { Interpretation } from "./interpretation.js";

type Counts = Partial<Record<Outcome<unknown>["status"] | "skipped" | "without value", number>>;

/** What a run has come to so far. */
export interface OutcomeCounts {
  /** Latents by the outcome of their explanation. */
  readonly latents: Readonly<Counts>;
  /** Scores of the latents that were explained; without value where no answer, or none of one class, could be read. */
  readonly scores: Readonly<Counts>;
  /** Judgements of all scorers by the outcome of the answer. */
  readonly answers: Readonly<Counts>;
}

/** Counts results as they come. */
export function outcomeTally(): { add(result: Interpretation): void; readonly counts: OutcomeCounts } {
  const latents: Counts = {};
  const scores: Counts = {};
  const answers: Counts = {};
  const count = (counts: Counts, status: keyof Counts) => {
    counts[status] = (counts[status] ?? 0) + 1;
  };
  return {
    counts: { latents, scores, answers },
    add(result) {
      count(latents, result.status === "scored" ? "ok" : result.status);
      if (result.status !== "scored") return;
      for (const { value, judgements } of result.scores) {
        count(scores, value === undefined ? "without value" : "ok");
        for (const { answer } of judgements) count(answers, answer.status);
      }
      for (const _ of result.unscored ?? []) count(scores, "failed");
    },
  };
}

/** What came of a run, in words, as `latents: 9 ok, 1 refused; scores: 18 ok; answers: 1,795 ok, 5 unparsed`. */
export function outcomesLine(counts: OutcomeCounts): string {
  return lineOf(counts, () => true) || "no latents";
}

/** What went wrong, in words, as `latents: 1 refused; answers: 5 unparsed, 10 failed`; `undefined` where nothing did. */
export function failuresLine(counts: OutcomeCounts): string | undefined {
  return lineOf(counts, (status) => status !== "ok") || undefined;
}

function lineOf({ latents, scores, answers }: OutcomeCounts, isSaid: (status: string) => boolean): string {
  const parts = Object.entries({ latents, scores, answers }).flatMap(([what, counts]) => {
    const entries = Object.entries(counts).filter(([status]) => isSaid(status));
    const said = entries.map(([status, n]) => `${n.toLocaleString("en-US")} ${status}`).join(", ");
    return said ? [`${what}: ${said}`] : [];
  });
  return parts.join("; ");
}
