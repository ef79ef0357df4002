import { describe, expect, it } from "vitest";
import {
  knownModels,
  modelFacts,
  modelFactsDate,
  modelFactsSource,
  price,
  priceAt,
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

  it("has every model of Claude that can be asked, cheapest first", () => {
    expect(knownModels()).toEqual([
      "claude-haiku-5-5",
      "claude-haiku-4-5",
      "claude-sonnet-5-5",
      "claude-opus-5-5",
      "claude-fable-5-2",
      "claude-fable-5-1",
    ]);
  });

  it("has whole entries, a date and a source", () => {
    for (const id of knownModels()) {
      const facts = modelFacts(id);
      for (const key of ["input", "output", "cacheRead", "cacheWrite"] as const)
        expect(facts?.[key]).toBeGreaterThan(0);
      expect(facts?.cacheMinimum === null || (facts?.cacheMinimum ?? 0) >= 512).toBe(true);
      expect(facts?.batch === null || (facts?.batch ?? 0) < 1).toBe(true);
      expect(facts?.longContext?.times ?? 2).toBeGreaterThan(1);
      expect(facts?.quiet).toMatch(/^(default|disabled|between-tools|low-effort)$/);
    }
    expect(modelFactsDate).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(modelFactsSource).toMatch(/^https:/);
  });
});

describe("price()", () => {
  it("counts cached input at its own price, by hand", () => {
    // Haiku 5.5: 60,000 x 0.10 + 40,000 x 0.01 + 20,000 x 0.50 dollars per million.
    const usage = { inputTokens: 100_000, cachedInputTokens: 40_000, outputTokens: 20_000 };
    expect(price("claude-haiku-5-5", usage)).toBeCloseTo(0.006 + 0.0004 + 0.01, 10);
    // The same with 10,000 of the fresh ones written to the cache at 0.125.
    const written = { ...usage, cacheWriteTokens: 10_000 };
    expect(price("claude-haiku-5-5", written)).toBeCloseTo(0.005 + 0.00125 + 0.0004 + 0.01, 10);
  });

  it("knows that Haiku 5.5 takes five times as much for prompts above 100,000 tokens", () => {
    const usage = { inputTokens: 100_001, cachedInputTokens: 40_001, outputTokens: 20_000 };
    // 60,000 x 0.50 + 40,001 x 0.05 + 20,000 x 2.50 dollars per million.
    expect(price("claude-haiku-5-5", usage)).toBeCloseTo(0.03 + 0.00200005 + 0.05, 10);
    // The same tokens in two calls are two short prompts.
    expect(price("claude-haiku-5-5", usage, { calls: 2 })).toBeCloseTo(0.006 + 0.00040001 + 0.01, 10);
    expect(price("claude-haiku-4-5", usage)).toBeCloseTo(0.06 + 0.0040001 + 0.1, 10);
  });
});

describe("priceAt()", () => {
  it("takes the price of input for what is cached, where none of its own is given", () => {
    const usage = { inputTokens: 3000, cachedInputTokens: 1000, cacheWriteTokens: 1000, outputTokens: 100 };
    expect(priceAt({ input: 1, output: 2 }, usage)).toBeCloseTo(0.0032, 10);
    expect(priceAt({ input: 1, output: 2, cacheRead: 0.1, cacheWrite: 2 }, usage)).toBeCloseTo(0.0033, 10);
  });
});
