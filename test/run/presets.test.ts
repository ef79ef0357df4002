import { beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { plan } from "../../src/run/plan.js";
import { type PresetName, preset, presets } from "../../src/run/presets.js";
import { toyTexts } from "../cache/toy-world.js";
import { toyCache } from "../examples/toy-cache.js";

let cache: LatentCache;
beforeAll(async () => {
  cache = await toyCache(toyTexts(1000));
}, 60_000);

async function requestsPerLatent(name: PresetName) {
  const latents = cache.sample(3, { seed: 1, minCount: 400 });
  const { stages } = await plan(cache, latents, { ...preset(name, pattern()), onProgress: false });
  return Object.fromEntries(stages.map(({ stage, requests }) => [stage, requests / latents.length]));
}

describe("presets", () => {
  it("paper asks what the paper asked: 100 + 100 contexts, five in a prompt, and one explanation", async () => {
    expect(await requestsPerLatent("paper")).toEqual({ "top-activations": 1, detection: 40, fuzzing: 40 });
    expect(presets.paper.examples).toMatchObject({ train: 40, test: 100, windowLength: 32, quantiles: 10 });
    expect(presets.paper.examples.negatives).toEqual(["random"]);
  });

  it("economy asks nine times: 50 + 50 contexts, 25 in a prompt", async () => {
    expect(await requestsPerLatent("economy")).toEqual({ "top-activations": 1, detection: 4, fuzzing: 4 });
  });

  it("lets another model judge, and takes a seed", () => {
    const explains = { ...pattern(), name: "strong" };
    const judges = { ...pattern(), name: "cheap" };
    const { explainer, scorers, examples } = preset("economy", explains, { judge: judges, seed: 5 });
    expect([explainer.model, ...scorers.map(({ model }) => model)]).toEqual(["strong", "cheap", "cheap"]);
    expect(examples?.seed).toBe(5);
  });

  it("says which presets there are", () => {
    expect(() => preset("lavish" as PresetName, pattern())).toThrow(
      'Cannot find the preset "lavish": give one of paper and economy',
    );
  });
});
