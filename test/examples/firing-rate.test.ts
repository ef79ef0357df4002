import { describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { type SampleExamplesOptions, sampleExamples } from "../../src/examples/sample-examples.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { interpret } from "../../src/run/interpret.js";
import { detection } from "../../src/score/detection.js";
import { scoreCard } from "../../src/score/score-card.js";
import type { JudgedKind, Score } from "../../src/score/scorer.js";
import { rateByKind } from "../../src/score/summarise.js";
import { toyTexts } from "../cache/toy-world.js";
import { toyCache } from "./toy-cache.js";

const cache = await toyCache();
const index = 1;
const sampling = { train: 5, test: 10, quantiles: 5, minWindows: 1 };

/** Position by position: of all tiles, the share in which the latent fires behind BOS. */
function countedByHand(
  of: LatentCache,
  { windowLength, partial = false }: { windowLength: number; partial?: boolean },
): number {
  const { contextCount, contextLength, firstPosition } = of;
  const firing = new Set(of.read(index).positions);
  let [tiles, firingTiles] = [0, 0];
  for (let context = 0; context < contextCount; context++) {
    for (let start = 0; start < contextLength; start += windowLength) {
      const end = Math.min(start + windowLength, contextLength);
      if (end - start < windowLength && !partial) continue;
      tiles++;
      let fires = false;
      for (let i = Math.max(start, firstPosition); i < end; i++)
        fires ||= firing.has(context * contextLength + i);
      if (fires) firingTiles++;
    }
  }
  return firingTiles / tiles;
}

const rateOf = (of: LatentCache, options: SampleExamplesOptions) =>
  sampleExamples(of, { hookpoint: of.hookpoint, index }, { ...sampling, ...options }).firingRate;

describe("LatentExamples.firingRate", () => {
  it.each([16, 32, 64])(
    "is the share of the windows of %i tokens in which the latent fires",
    (windowLength) => {
      const rate = countedByHand(cache, { windowLength });
      expect(rateOf(cache, { windowLength })).toBe(rate);
      expect(rateOf(cache, { windowLength, compat: "delphi" })).toBe(rate);
      expect(rate).toBeLessThan(1);
    },
  );

  it("counts a window for every tile that fires where windows are centred, the last partial one included", () => {
    const byHand = countedByHand(cache, { windowLength: 24, partial: true });
    // Tiles beside each other at a context's end may be given one window between them.
    const rate = rateOf(cache, { windowLength: 24, placement: "centred" });
    expect(rate).toBeLessThanOrEqual(byHand);
    expect(rate).toBeGreaterThan(0.95 * byHand);
  });
});

describe("precision at the natural rate", () => {
  const resultOf = async (of: LatentCache, examples: SampleExamplesOptions) => {
    const [llm, latent] = [pattern(), { hookpoint: of.hookpoint, index }];
    const how = { explainer: topActivations(llm), scorers: [detection(llm)], nulls: false as const };
    const options = { ...how, examples: { ...sampling, ...examples }, onProgress: false as const };
    for await (const result of interpret(of, [latent], options))
      if (result.status === "scored") return result;
    throw new Error("nothing was scored");
  };

  it("is at the rate of the run's own windows", { timeout: 60_000 }, async () => {
    const { firingRate, scores } = await resultOf(cache, { windowLength: 64 });
    expect(firingRate).toBe(countedByHand(cache, { windowLength: 64 }));
    const { metrics } = scoreCard(scores[0] as Score, { firingRate });
    const rates = rateByKind(scores[0]?.judgements ?? []);
    const [recall, silent] = ["activating", "non-activating"].map((kind) => {
      const { right = 0, answered = 1 } = rates.get(kind as JudgedKind) ?? {};
      return right / answered;
    }) as [number, number];
    const rate = firingRate as number;
    const byHand = (rate * recall) / (rate * recall + (1 - rate) * (1 - silent));
    expect(metrics["precision at the natural rate"]?.value).toBeCloseTo(byHand, 12);
  });

  it("is there for contexts shorter than the paper's windows", { timeout: 60_000 }, async () => {
    const short = await toyCache(toyTexts(400), 24);
    const { firingRate, scores } = await resultOf(short, { windowLength: 12 });
    expect(firingRate).toBe(countedByHand(short, { windowLength: 12 }));
    const { metrics } = scoreCard(scores[0] as Score, { firingRate });
    expect(metrics["precision at the natural rate"]).toBeDefined();
  });
});
