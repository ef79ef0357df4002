import { describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { type NullRunOptions, plannedNullRuns } from "../../src/run/planned-null-runs.js";
import { detection } from "../../src/score/detection.js";
import type { Scorer } from "../../src/score/scorer.js";

/** As much of a cache as a plan looks at. */
function cacheOf(model: string): LatentCache {
  return { manifest: { identity: { model: { name: model, hash: "0" } } } } as LatentCache;
}

const parts = { explainer: topActivations(pattern()), scorers: [detection(pattern())] };
const sizes = (latents: number, nulls?: NullRunOptions | false) =>
  plannedNullRuns(cacheOf("demo"), latents, { ...parts, nulls }).map((run) => run.latents);

describe("plannedNullRuns()", () => {
  it("takes at most three tenths of the latents, five at least and twenty at most for each kind", () => {
    expect(sizes(16)).toEqual([]);
    expect(sizes(17)).toEqual([5, 0, 0]);
    expect(sizes(20)).toEqual([6, 0, 0]);
    expect(sizes(40)).toEqual([6, 6, 0]);
    expect(sizes(100)).toEqual([10, 10, 10]);
    expect(sizes(10_000)).toEqual([20, 20, 20]);
    expect(sizes(20, { share: 1 })).toEqual([20, 20, 20]);
    expect(sizes(4, { share: 1 })).toEqual([]);
    for (let latents = 17; latents < 200; latents++) {
      const total = sizes(latents).reduce((sum, n) => sum + n, 0);
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThanOrEqual(0.3 * latents);
    }
  });

  it("makes those that are named in any case, and none where none is wanted", () => {
    expect(sizes(1, { runs: ["neurons"] })).toEqual([5]);
    expect(sizes(100, { runs: ["neurons", "random model"] })).toEqual([10, 10]);
    expect(sizes(100, { runs: false })).toEqual([]);
    expect(sizes(100, false)).toEqual([]);
    expect(() => sizes(100, { runs: ["weights" as "neurons"] })).toThrow(
      'Cannot make the null run "weights": choose of "random model", "random coder", "neurons"',
    );
  });

  it("says what stands in the way", () => {
    const reasons = (model: string, other: Partial<typeof parts>) =>
      plannedNullRuns(cacheOf(model), 100, { ...parts, ...other }).map(({ reason }) => reason);
    const [reason] = reasons("my-export", {});
    expect(reason).toBe('the cache does not say where its model "my-export" is; give it as nulls.model');
    const bound: Scorer = { ...detection(pattern()), hookpoint: "layers.1" };
    expect(reasons("demo", { scorers: [bound] })[0]).toBe("every scorer judges latents of one coder only");
    expect(reasons("demo", { scorers: [bound, detection(pattern())] })[0]).toBeUndefined();
    const explainer = { ...topActivations(pattern()), hookpoint: "layers.1" };
    expect(reasons("demo", { explainer })[0]).toBe(
      'the explainer "top-activations" explains latents of one coder only',
    );
    expect(plannedNullRuns(cacheOf("demo"), 20, parts)[2]?.reason).toBe(
      "a share of 0.1 of 20 latents is too small for it; raise nulls.share, or name it in nulls.runs",
    );
  });
});
