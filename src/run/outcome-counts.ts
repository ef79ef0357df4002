import type { Outcome } from "../llm/outcome.js";
import type { Interpretation } from "./interpretation.js";

type Counts = Partial<Record<Outcome<unknown>["status"] | "skipped", number>>;

/** What a run has come to so far. */
export interface OutcomeCounts {
  /** Latents by the outcome of their explanation. */
  readonly latents: Readonly<Counts>;
  /** Judgements of all scorers by the outcome of the answer. */
  readonly answers: Readonly<Counts>;
}

/** Counts results as they come. */
export function outcomeTally(): { add(result: Interpretation): void; readonly counts: OutcomeCounts } {
  const latents: Counts = {};
  const answers: Counts = {};
  const count = (counts: Counts, status: keyof Counts) => {
    counts[status] = (counts[status] ?? 0) + 1;
  };
  return {
    counts: { latents, answers },
    add(result) {
      count(latents, result.status === "scored" ? "ok" : result.status);
      if (result.status !== "scored") return;
      for (const { judgements } of result.scores) {
        for (const { answer } of judgements) count(answers, answer.status);
      }
    },
  };
}

/** What went wrong, in words, as `latents: 1 refused; answers: 5 unparsed, 10 failed`; `undefined` where nothing did. */
export function failuresLine({ latents, answers }: OutcomeCounts): string | undefined {
  const parts = Object.entries({ latents, answers }).flatMap(([what, counts]) => {
    const failures = Object.entries(counts).filter(([status]) => status !== "ok");
    const said = failures.map(([status, n]) => `${n.toLocaleString("en-US")} ${status}`).join(", ");
    return said ? [`${what}: ${said}`] : [];
  });
  return parts.join("; ") || undefined;
}
