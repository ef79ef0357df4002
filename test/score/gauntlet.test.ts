import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { latentTraits, traitLabels } from "../../src/examples/latent-traits.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { detection } from "../../src/score/detection.js";
import { embedding } from "../../src/score/embedding.js";
import { execution } from "../../src/score/execution.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { generation } from "../../src/score/generation.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import type { Scorer } from "../../src/score/scorer.js";
import { simulation } from "../../src/score/simulation.js";
import type { Subject } from "../../src/sparse/activations-of.js";
import {
  type Corruption,
  corruptions,
  described,
  type GauntletLatent,
  gauntlet,
  indescribable,
  labelledGauntlet,
  plantedGauntlet,
  tellsApart,
} from "./gauntlet.js";
import { explanation } from "./made-examples.js";
import { planted, plantedCache, plantedExamples, plantedNames } from "./planted-latents.js";

let cache: LatentCache;
let subject: Subject;
let remove: () => Promise<void>;
let onPlanted: GauntletLatent[];
let onLabelled: GauntletLatent[];

beforeAll(async () => {
  ({ cache, subject, remove } = await plantedCache());
  onPlanted = plantedGauntlet(cache);
  onLabelled = labelledGauntlet();
}, 60_000);
afterAll(() => remove?.());

/** Latents on which a scorer fails to put the right sentence above a corrupted one, by kind of corruption. */
async function failures(
  latents: readonly GauntletLatent[],
  scorer: Scorer,
): Promise<Partial<Record<Corruption, string[]>>> {
  const rows = await gauntlet(latents, scorer);
  const failed = corruptions.map((corruption) => {
    return [
      corruption,
      rows.filter((row) => !tellsApart(row, corruption)).map(({ latent }) => latent),
    ] as const;
  });
  return Object.fromEntries(failed.filter(([, names]) => names.length > 0));
}

/** In a list of words order says nothing. */
const lists = ["one word", "a few words"];

describe("the gauntlet: the right explanation of a planted latent against corrupted ones", () => {
  const timeout = 60_000;

  it("detection tells all of them apart, but for words that may stand in any order", {
    timeout,
  }, async () => {
    expect(await failures(onPlanted, detection(pattern()))).toEqual({ shuffled: lists });
  });

  it("responsiveness tells the same", { timeout }, async () => {
    expect(await failures(onPlanted, responsiveness(pattern()))).toEqual({ shuffled: lists });
  });

  it("execution runs no shuffled sentence, and tells the others", { timeout }, async () => {
    expect(await failures(onPlanted, execution())).toEqual({});
  });

  it("fuzzing tells a context that is missing by its hard marks, and never words too many", {
    timeout,
  }, async () => {
    expect(await failures(onPlanted, fuzzing(pattern()))).toEqual({ broad: lists, shuffled: lists });
  });

  it("fuzzing without hard marks tells hardly any that are too broad", { timeout }, async () => {
    const easy = fuzzing(pattern(), { negatives: ["non-activating", "wrong-tokens"] });
    const { broad, narrow, wrong } = await failures(onPlanted, easy);
    expect(broad).toEqual(described.filter((name) => name !== "two senses"));
    expect([narrow, wrong]).toEqual([undefined, undefined]);
  });

  it("simulation sees windows where the latent fires only: a missing context escapes it", {
    timeout,
  }, async () => {
    expect(await failures(onPlanted, simulation(pattern()))).toEqual({
      broad: ["a word not in a context", "an ending with an exception"],
      shuffled: lists,
    });
  });

  it("generation tells those that are too broad, and of no narrow one that it is", { timeout }, async () => {
    expect(await failures(onPlanted, generation(pattern(), subject))).toEqual({
      broad: ["a word not in a context"],
      narrow: described.filter((name) => name !== "two senses"),
      shuffled: [...lists, "two senses"],
    });
  });

  it("embedding knows words, not their order, and no exceptions", { timeout }, async () => {
    const exceptions = ["a word not in a context", "an ending with an exception"];
    expect(await failures(onPlanted, embedding(builtInEmbedder()))).toEqual({
      broad: exceptions,
      narrow: exceptions,
      wrong: exceptions.slice(1),
      shuffled: described,
    });
  });
});

describe("the gauntlet over concepts that the demo world is labelled with", () => {
  const timeout = 60_000;

  it("detection tells all of them apart but one, whose words the judge does not know", {
    timeout,
  }, async () => {
    expect(await failures(onLabelled, detection(pattern()))).toEqual({ broad: ["animal"] });
  });

  it("simulation and responsiveness tell all of them apart", { timeout }, async () => {
    expect(await failures(onLabelled, simulation(pattern()))).toEqual({});
    expect(await failures(onLabelled, responsiveness(pattern()))).toEqual({});
  });

  it("fuzzing tells narrow and wrong ones, and has no hard windows here", { timeout }, async () => {
    const names = onLabelled.map(({ name }) => name);
    const broad = names.filter((name) => name !== "speech-verb");
    expect(await failures(onLabelled, fuzzing(pattern()))).toEqual({ broad });
  });

  it("embedding tells all that are broad or wrong, and not all that are narrow", { timeout }, async () => {
    const { broad, narrow, wrong, blank } = await failures(onLabelled, embedding(builtInEmbedder()));
    expect([broad, wrong, blank]).toEqual([undefined, undefined, undefined]);
    expect(narrow).toEqual(["animal", "colour", "job", "month", "weekday"]);
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
    // 16 intervals of 95 %.
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
      "a word not in a context",
      "an ending with an exception",
    ]);
  });
});
