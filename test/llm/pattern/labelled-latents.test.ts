import { describe, expect, it } from "vitest";
import { topActivations } from "../../../src/explain/top-activations.js";
import { pattern } from "../../../src/llm/pattern/pattern-model.js";
import { detection } from "../../../src/score/detection.js";
import { fuzzing } from "../../../src/score/fuzzing.js";
import { quantile } from "../../../src/stats/quantile.js";
import { type Concept, conceptExamples, labelledWindows } from "./labelled-latents.js";

describe("pattern() on labelled concepts of the demo world", () => {
  const windows = labelledWindows(400);
  const chosen: Concept[] = ["cause", "colour", "direction", "female-pronoun", "french", "german", "month"];
  chosen.push("landscape", "negation", "number", "ordinal", "size", "speech-verb", "weather", "weekday");
  const detected: number[] = [];
  const fuzzed: number[] = [];

  it.each(chosen)("explains %s well above chance", async (concept) => {
    const examples = conceptExamples(concept, windows);
    if (!examples) throw new Error(`"${concept}" is too rare`);
    const explained = await topActivations(pattern()).explain(examples);
    if (explained.status !== "ok") throw new Error(explained.reason);
    const d = await detection(pattern()).score(explained.value, examples);
    const f = await fuzzing(pattern()).score(explained.value, examples);
    detected.push(d.value ?? 0);
    fuzzed.push(f.value ?? 0);
    expect(d.interval?.[0], explained.value.text).toBeGreaterThan(0.6);
    expect(f.interval?.[0], explained.value.text).toBeGreaterThan(0.6);
  });

  it("has medians of at least 0.9", () => {
    expect(quantile(detected, 0.5)).toBeGreaterThan(0.9);
    expect(quantile(fuzzed, 0.5)).toBeGreaterThan(0.9);
  });
});
