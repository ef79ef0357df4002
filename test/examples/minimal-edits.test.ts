import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { minimalEdits } from "../../src/examples/minimal-edits.js";
import { negativeLadder } from "../../src/examples/negative-ladder.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { jaccard } from "../../src/examples/shingles.js";
import { embedWindows } from "../../src/llm/embed-windows.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { unigramNull } from "../../src/run/unigram-rule.js";
import { detection } from "../../src/score/detection.js";
import { scoreCard } from "../../src/score/score-card.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { explanation } from "../score/made-examples.js";

const root = mkdtempSync(join(tmpdir(), "saelab-edits-"));
let model: SubjectModel;
let coder: SparseCoder;
let cache: LatentCache;

beforeAll(async () => {
  [model, coder] = [await loadModel("demo"), await loadSparseCoder("demo/layers.2")];
  const texts = [...generateDocuments({ seed: "edits", count: 250 })].map(({ text }) => text);
  cache = await cacheLatents({ model, coder }, texts, { directory: join(root, "cache"), onProgress: false });
}, 120_000);
afterAll(async () => {
  await Promise.all([model?.close(), coder?.close()]);
  rmSync(root, { recursive: true, force: true });
});

const few = { train: 10, test: 20 };

describe("minimalEdits()", () => {
  it("changes one token of a test window, after which the latent is silent in it", {
    timeout: 120_000,
  }, async () => {
    const [latent] = cache.sample(1, { seed: 4, minCount: 150 });
    if (!latent) throw new Error("no latent fires often enough");
    const examples = sampleExamples(cache, latent, few);
    const options = { model, coder, count: 6, onProgress: false } as const;
    const edited = await minimalEdits(cache, examples, options);
    expect(edited.length).toBeGreaterThan(0);
    for (const window of edited) {
      const original = examples.test.find(
        ({ context, start }) => context === window.context && start === window.start,
      );
      const changed = [...window.tokens.keys()].filter((i) => window.tokens[i] !== original?.tokens[i]);
      expect(changed).toEqual([window.at]);
      expect(original?.tokens[window.at]).toBe(window.was);
      expect(window.formerActivations).toEqual(original?.activations);
      expect(window.pieces.join("")).not.toBe(original?.pieces.join(""));
      // Asked of model and coder once more, the whole context at once.
      const context = cache.tokens(window.context).slice();
      expect(await firing(context, latent.index, window)).toBeGreaterThan(0);
      context.set(window.tokens, window.start);
      expect(await firing(context, latent.index, window)).toBe(0);
    }
    expect(await minimalEdits(cache, examples, options)).toEqual(edited);
  });

  it("are negatives of their own kind, told from their originals by scorers and nulls", {
    timeout: 120_000,
  }, async () => {
    const [latent] = cache.sample(1, { seed: 4, minCount: 150 });
    if (!latent) throw new Error("no latent fires often enough");
    const examples = sampleExamples(cache, latent, few);
    const nonActivating = await minimalEdits(cache, examples, { model, coder, count: 6, onProgress: false });
    const hard = { ...examples, nonActivating };
    const score = await detection(pattern()).score(explanation("“the”", latent), hard);
    expect([...scoreCard(score).byKind.keys()]).toEqual(["minimal-edit"]);
    expect(unigramNull(hard, score)?.value).toBeGreaterThanOrEqual(0);
    const positives = score.judgements.filter(({ truth }) => truth).map(({ text }) => text);
    expect(positives.sort()).toEqual(examples.test.map(({ pieces }) => pieces.join("")).sort());
  });
});

describe("the ladder of negatives", () => {
  it("comes nearer to the windows where a latent fires with every rung, by the tokens that they share", {
    timeout: 120_000,
  }, async () => {
    const latents = cache.sample(12, { seed: 4, minCount: 150 });
    const embedded = await embedWindows(cache, { latents, onProgress: false });
    const kinds = ["random", "same-token", "embedding-neighbour"] as const;
    const closeness = new Map<string, number[]>();
    for (const [i, latent] of latents.entries()) {
      const examples = sampleExamples(cache, latent, few);
      const ladder = negativeLadder(cache, examples, { kinds, embedded, count: 20 });
      const count = i === 0 ? 3 : 0;
      const edited = await minimalEdits(cache, examples, { model, coder, count, onProgress: false });
      for (const { kind, tokens } of [...ladder, ...edited]) {
        const nearest = Math.max(...examples.test.map((window) => sharedTokens(tokens, window.tokens)));
        closeness.set(kind, [...(closeness.get(kind) ?? []), nearest]);
      }
    }
    const means = [...kinds, "minimal-edit"].map((kind) => mean(closeness.get(kind) ?? []));
    expect(means).toEqual([...means].sort((a, b) => a - b));
  });
});

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}

/** Of the tokens that either window has, the share that both have. */
function sharedTokens(a: Int32Array, b: Int32Array): number {
  const [one, other] = [a, b].map((tokens) => new Uint32Array(new Set(tokens)).sort());
  return jaccard(one, other);
}

/** Positions of a window at which a latent fires. */
async function firing(
  context: Int32Array,
  index: number,
  { start, tokens }: { start: number; tokens: Int32Array },
): Promise<number> {
  const activations = await model.activations(tensor(context, [1, context.length]), [coder.hookpoint]);
  const { positions, latents } = await coder.encode(activations.get(coder.hookpoint) as Tensor);
  return [...latents.keys()].filter((entry) => {
    const position = positions[entry] ?? -1;
    return latents[entry] === index && position >= start && position < start + tokens.length;
  }).length;
}
