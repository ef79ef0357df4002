import { describe, expect, it } from "vitest";
import {
  knownModels,
  modelFacts,
  modelFactsDate,
  modelFactsSource,
  price,
} from "../../src/llm/model-facts.js";

describe("modelFacts()", () => {
  it("knows a model by its id, with or without a date", () => {
    expect(modelFacts("claude-haiku-4-5-20251001")).toBe(modelFacts("claude-haiku-4-5"));
    expect(modelFacts("claude-haiku-4-5")?.temperature).toBe(true);
  });

  it.each(["claude-next-9", "qwen3:4b", "toString", ""])("says nothing about %j", (id) => {
    expect(modelFacts(id)).toBeUndefined();
    expect(price(id, { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 })).toBeUndefined();
  });

  it("has whole entries, a date and a source", () => {
    for (const id of knownModels()) {
      const facts = modelFacts(id);
      for (const key of ["input", "output", "cacheRead", "cacheWrite"] as const)
        expect(facts?.[key]).toBeGreaterThan(0);
      expect(facts?.cacheMinimum === null || (facts?.cacheMinimum ?? 0) >= 512).toBe(true);
      expect(facts?.batch === null || (facts?.batch ?? 0) < 1).toBe(true);
      expect(facts?.quiet).toMatch(/^(default|disabled|between-tools|low-effort)$/);
    }
    expect(modelFactsDate).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(modelFactsSource).toMatch(/^https:/);
  });
});

describe("price()", () => {
  it("counts cached input at its own price, by hand", () => {
    // Haiku 5.5: 600,000 x 0.10 + 400,000 x 0.01 + 200,000 x 0.50 dollars per million.
    const usage = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 200_000 };
    expect(price("claude-haiku-5-5", usage)).toBeCloseTo(0.06 + 0.004 + 0.1, 10);
    // The same with 100,000 of the fresh ones written to the cache at 0.125.
    const written = { ...usage, cacheWriteTokens: 100_000 };
    expect(price("claude-haiku-5-5", written)).toBeCloseTo(0.05 + 0.0125 + 0.004 + 0.1, 10);
  });
});
