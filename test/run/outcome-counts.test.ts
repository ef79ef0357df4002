import { describe, expect, it } from "vitest";
import type { FailureStatus } from "../../src/llm/outcome.js";
import type { Progress } from "../../src/progress.js";
import { progressLine } from "../../src/progress.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import { failuresLine, outcomesLine, outcomeTally } from "../../src/run/outcome-counts.js";

const latent = { hookpoint: "layers.1", index: 7 };

/** Scored once, with answers of these outcomes; a score has a value where one of them is good. */
function scored(...statuses: ("ok" | FailureStatus)[]): Interpretation {
  return { status: "scored", latent, scores: [scoreWith(...statuses)] } as unknown as Interpretation;
}

function scoreWith(...statuses: ("ok" | FailureStatus)[]) {
  const judgements = statuses.map((status) => ({
    answer: status === "ok" ? { status, value: { yes: true } } : { status, reason: "because" },
  }));
  return { scorer: "detection", value: statuses.includes("ok") ? 1 : undefined, judgements };
}

describe("outcomeTally()", () => {
  it("counts latents by their explanation and judgements by their answer", () => {
    const tally = outcomeTally();
    tally.add(scored("ok", "ok", "unparsed"));
    tally.add({
      ...scored("ok", "refused", "failed"),
      unscored: [{ scorer: "embedding", model: "m", reason: "because" }],
    } as Interpretation);
    tally.add({ status: "refused", latent, reason: "because" });
    tally.add({ status: "skipped", latent, reason: "because" });
    expect(tally.counts).toEqual({
      latents: { ok: 2, refused: 1, skipped: 1 },
      scores: { ok: 2, failed: 1 },
      answers: { ok: 3, unparsed: 1, refused: 1, failed: 1 },
    });
    const line = "latents: 1 refused, 1 skipped; scores: 1 failed; answers: 1 unparsed, 1 refused, 1 failed";
    expect(failuresLine(tally.counts)).toBe(line);
    expect(outcomesLine(tally.counts)).toBe(
      "latents: 2 ok, 1 refused, 1 skipped; scores: 2 ok, 1 failed; answers: 3 ok, 1 unparsed, 1 refused, 1 failed",
    );
    const progress: Progress = {
      ...{ stage: "interpret", unit: "latents", done: 4, total: 8, rate: 2, etaSeconds: 2 },
      note: line,
    };
    expect(progressLine(progress)).toBe(
      `interpret: 4 of 8 latents (50 %) · 2 latents/s · 2 s to go · ${line}`,
    );
  });

  it("does not count a score without a value as good", () => {
    const tally = outcomeTally();
    tally.add(scored("truncated", "truncated"));
    tally.add(scored("ok", "truncated"));
    expect(outcomesLine(tally.counts)).toBe(
      "latents: 2 ok; scores: 1 without value, 1 ok; answers: 3 truncated, 1 ok",
    );
    expect(failuresLine(tally.counts)).toBe("scores: 1 without value; answers: 3 truncated");
  });

  it("says nothing where nothing went wrong", () => {
    const tally = outcomeTally();
    tally.add(scored("ok"));
    expect(failuresLine(tally.counts)).toBeUndefined();
  });
});
