/** From a cache to a rule and back: a rule learned from training windows is run over documents that nobody saw. */
import { afterAll, describe, expect, it } from "vitest";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { partShares } from "../../src/examples/sampling-plan.js";
import { splitDocuments } from "../../src/examples/split-documents.js";
import { contrastive } from "../../src/explain/contrastive.js";
import { executable } from "../../src/explain/executable.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { read } from "../../src/llm/pattern/grammar.js";
import { measurePattern } from "../../src/llm/pattern/measure-pattern.js";
import type { Pattern } from "../../src/llm/pattern/pattern.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { type PlantedName, plantedCache, plantedNames } from "../score/planted-latents.js";

const { cache, remove } = await plantedCache({ documents: 600 });
afterAll(remove);

const counts = { train: 40, select: 0, calibrate: 0, test: 40 };
const partOf = splitDocuments(cache, { seed: 22, shares: partShares(counts) });

/** How well a rule holds on the test documents. */
function onTest(name: PlantedName, rule: Pattern) {
  const index = plantedNames.indexOf(name);
  return measurePattern(cache, { pattern: rule, index }, { allowed: (place) => partOf(place) === "test" });
}

function examplesOf(name: PlantedName) {
  const latent = { hookpoint: cache.hookpoint, index: plantedNames.indexOf(name) };
  return sampleExamples(cache, latent, { ...counts, contrast: 20, minWindows: 1 });
}

describe("executable()", () => {
  it.each<[PlantedName, number]>([
    ["one word", 0.99],
    ["a phrase", 0.99],
  ])("writes a rule about %s that holds on unseen documents", async (name, least) => {
    const outcome = await executable(pattern()).explain(examplesOf(name));
    if (outcome.status !== "ok" || !outcome.value.pattern) throw new Error(JSON.stringify(outcome));
    const fit = await onTest(name, outcome.value.pattern);
    expect(fit.positions.truePositives + fit.positions.falseNegatives).toBeGreaterThan(10);
    expect(fit.f1).toBeGreaterThanOrEqual(least);
  });

  it("shows at the latent's own rate what balanced samples hide: a rule that is too broad", async () => {
    // The latent fires on “quarter” and “half” after “at”, which are few of the words after “at”.
    const rule: Pattern = {
      clauses: [{ target: { kind: "class", name: "a word" }, before: { kind: "after", words: ["at"] } }],
    };
    const { precision, recall, tiles } = await onTest("a word in a context", rule);
    expect(recall).toBe(1);
    expect(precision).toBeLessThan(0.5);
    expect(tiles.trueNegatives / (tiles.trueNegatives + tiles.falsePositives)).toBeGreaterThan(0.8);
  });
});

describe("contrastive()", () => {
  it("finds the exception that training windows alone do not show", async () => {
    const name = "a word not in a context";
    const examples = examplesOf(name);
    const [told, untold] = await Promise.all(
      [contrastive, topActivations].map(async (make) => {
        const outcome = await make(pattern()).explain(examples);
        const rule = outcome.status === "ok" ? read(outcome.value.text) : undefined;
        if (!rule) throw new Error(JSON.stringify(outcome));
        return onTest(name, rule);
      }),
    );
    expect(untold.precision).toBeLessThan(0.9);
    expect(told.precision).toBeGreaterThan(0.95);
    expect(told.recall).toBeGreaterThan(0.95);
  });
});
