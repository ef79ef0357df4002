import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { latentTraits, traitLabels } from "../../src/examples/latent-traits.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { detection } from "../../src/score/detection.js";
import { embedding } from "../../src/score/embedding.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import type { Scorer } from "../../src/score/scorer.js";
import { type Corruption, described, gauntlet, indescribable, tellsApart } from "./gauntlet.js";
import { explanation } from "./made-examples.js";
import { planted, plantedCache, plantedExamples, plantedNames } from "./planted-latents.js";

let cache: LatentCache;
let remove: () => void;

beforeAll(async () => {
  ({ cache, remove } = await plantedCache());
}, 60_000);
afterAll(() => remove?.());

/** Latents on which a scorer fails to put the right sentence above a corrupted one. */
async function failures(scorer: Scorer, corruptions: readonly Corruption[]): Promise<string[]> {
  const rows = await gauntlet(cache, scorer);
  return rows.flatMap((row) =>
    corruptions.filter((c) => !tellsApart(row, c)).map((c) => `${row.latent}: ${c}`),
  );
}

describe("the gauntlet: the right explanation against corrupted ones", () => {
  it("detection tells all of them apart", { timeout: 60_000 }, async () => {
    expect(await failures(detection(pattern()), ["broad", "narrow", "wrong", "blank"])).toEqual([]);
  });

  it("fuzzing tells narrow and wrong ones", { timeout: 60_000 }, async () => {
    expect(await failures(fuzzing(pattern()), ["narrow", "wrong", "blank"])).toEqual([]);
  });

  it("embedding tells those of other latents and none at all", { timeout: 60_000 }, async () => {
    expect(await failures(embedding(builtInEmbedder()), ["wrong", "blank"])).toEqual([]);
  });
});

describe("latents that no sentence describes", () => {
  it("follow no explanation: the interval of each score holds chance", async () => {
    const outside: string[] = [];
    for (const name of ["position", "noise"] as const) {
      const examples = plantedExamples(cache, name);
      // A hard negative has a token on which noise happens to fire elsewhere: that is no evidence against a sentence.
      const nonActivating = examples.nonActivating.filter((window) => !("kind" in window));
      for (const other of described) {
        const about = explanation(planted[other].right ?? "", examples.latent);
        const { interval } = await detection(pattern()).score(about, { ...examples, nonActivating });
        if (!interval || interval[0] > 0.5 || interval[1] < 0.5) outside.push(`${name}: ${other}`);
      }
    }
    // 14 intervals of 95 %.
    expect(outside.length).toBeLessThanOrEqual(2);
  });

  it("are known by their traits where they have some", () => {
    const traits = (name: (typeof plantedNames)[number]) => latentTraits(cache, plantedNames.indexOf(name));
    expect(plantedNames.filter((name) => traits(name).positional)).toEqual(["position"]);
    expect(traits("one word")).toMatchObject({ unigram: true, firingShare: 1 });
    expect(traits("a phrase").unigram).toBe(true);
    expect(traits("a phrase").firingShare).toBeLessThan(0.3);
    for (const name of indescribable) expect(traits(name).unigram).toBe(false);
    expect(plantedNames.filter((name) => traitLabels(traits(name)).includes("unigram"))).toEqual([
      "one word",
      "a few words",
      "part of a word",
      "a word with an exception",
    ]);
  });
});
