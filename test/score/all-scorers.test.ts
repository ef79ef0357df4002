/** Every scorer on latents of the demo, through `interpret`, with the models that need no key and no download. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { SampleExamplesOptions } from "../../src/examples/sample-examples.js";
import { contrastive } from "../../src/explain/contrastive.js";
import { topActivations } from "../../src/explain/top-activations.js";
import type { Latent } from "../../src/latent.js";
import { embedWindows } from "../../src/llm/embed-windows.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { type LocalTokenScorer, localTokenScorer } from "../../src/llm/local/local-token-scorer.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { patternTokenScorer } from "../../src/llm/pattern/pattern-token-scorer.js";
import { loadModel } from "../../src/model/load-model.js";
import { interpret } from "../../src/run/interpret.js";
import { detection } from "../../src/score/detection.js";
import { embedding } from "../../src/score/embedding.js";
import { exampleEmbedding } from "../../src/score/example-embedding.js";
import { execution } from "../../src/score/execution.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { generation } from "../../src/score/generation.js";
import { intruder } from "../../src/score/intruder.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import { scoreCard } from "../../src/score/score-card.js";
import type { Score, Scorer } from "../../src/score/scorer.js";
import { sensitivity } from "../../src/score/sensitivity.js";
import { simulation } from "../../src/score/simulation.js";
import { surprisal } from "../../src/score/surprisal.js";
import type { Subject } from "../../src/sparse/activations-of.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";

const scratch = mkdtempSync(join(tmpdir(), "saelab-scorers-"));
let subject: Subject;
let tokens: LocalTokenScorer;
let cache: LatentCache;

beforeAll(async () => {
  const [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.2.wide")]);
  subject = { model, coder };
  // The demo model reads 128 tokens: it sees the end of a prompt.
  tokens = await localTokenScorer("demo", { tooLong: "cut prefix", threads: 1 });
  const texts = [...generateDocuments({ seed: "all scorers", count: 100 })].map(({ text }) => text);
  cache = await cacheLatents(subject, texts, { directory: join(scratch, "cache"), onProgress: false });
}, 120_000);

afterAll(async () => {
  await Promise.all([subject?.model.close(), subject?.coder.close(), tokens?.close()]);
  rmSync(scratch, { recursive: true, force: true });
});

function allScorers(): Scorer[] {
  const llm = pattern();
  return [
    detection(llm),
    fuzzing(llm, { negatives: ["non-activating", "wrong-tokens", "repeated-marks"] }),
    simulation(llm),
    intruder(llm),
    responsiveness(llm),
    generation(llm, subject),
    sensitivity(llm, subject),
    execution({ cache }),
    embedding(builtInEmbedder()),
    exampleEmbedding(builtInEmbedder()),
    surprisal(tokens),
    named("surprisal by pattern", surprisal(patternTokenScorer())),
    named("detection by probability", detection(tokens)),
    named("simulation by probability", simulation(tokens)),
  ];
}

/** A run wants each scorer under a name of its own. */
function named(name: string, scorer: Scorer): Scorer {
  return { ...scorer, name, score: async (...args) => ({ ...(await scorer.score(...args)), scorer: name }) };
}

/** The latents that a rule describes best, of a sample: the demo's are not named here, so that it may be trained again. */
async function clearest(count: number): Promise<Latent[]> {
  const found: { latent: Latent; value: number }[] = [];
  const sampled = cache.sample(8, { seed: 5, minCount: 50 });
  const settings = {
    explainer: topActivations(pattern()),
    scorers: [execution()],
    examples,
    onProgress: false,
  } as const;
  for await (const result of interpret(cache, sampled, settings)) {
    if (result.status !== "scored") continue;
    found.push({ latent: result.latent, value: result.scores[0]?.also?.["F1 of tokens"] ?? 0 });
  }
  return found
    .sort((a, b) => b.value - a.value)
    .slice(0, count)
    .map(({ latent }) => latent);
}

/** Random silent windows, which any explanation of some worth tells: what is shown here is that every scorer works. */
const examples = { train: 20, test: 12, windowLength: 16, negatives: ["random"] as const };

async function runAll(latents: readonly Latent[]): Promise<Map<string, Score>[]> {
  const found: Map<string, Score>[] = [];
  const settings = {
    explainer: topActivations(pattern()),
    scorers: allScorers(),
    examples,
    onProgress: false,
  } as const;
  for await (const result of interpret(cache, latents, settings)) {
    if (result.status !== "scored") throw new Error(result.reason);
    found.push(new Map(result.scores.map((score) => [score.scorer, score])));
  }
  return found;
}

describe("all scorers", () => {
  it("score two latents with no key, each with its measure, chance and interval, and give the same twice", async () => {
    const latents = await clearest(2);
    const first = await runAll(latents);
    for (const scores of first) {
      const table = [...scores.values()].map((score) => [
        score.scorer,
        score.measure,
        score.answered + score.unanswered,
      ]);
      expect(table).toEqual([
        ["detection", "balanced accuracy", 24],
        ["fuzzing", "balanced accuracy", 24],
        ["simulation", "correlation", 12],
        ["intruder", "accuracy", 3],
        ["responsiveness", "AUROC", 24],
        ["generation", "share firing", 20],
        ["sensitivity", "share firing", 10],
        ["execution", "balanced accuracy", 24],
        ["embedding", "AUROC", 24],
        ["example embedding", "AUROC", 18],
        ["surprisal", "AUROC", 24],
        ["surprisal by pattern", "AUROC", 24],
        ["detection by probability", "balanced accuracy", 24],
        ["simulation by probability", "correlation", 12],
      ]);
      for (const { value, interval, unanswered, scorer } of scores.values()) {
        expect(unanswered, scorer).toBe(0);
        expect(interval?.[0], scorer).toBeLessThanOrEqual(value as number);
        expect(interval?.[1], scorer).toBeGreaterThanOrEqual(value as number);
      }
      // The judge runs the sentence, as the pattern does.
      expect(scores.get("detection")?.value).toBe(scores.get("execution")?.value);
      expect(scores.get("execution")?.also?.["F1 in the cache"]).toBeGreaterThan(0);
      for (const known of ["detection", "fuzzing", "simulation", "responsiveness", "execution"]) {
        const { value, chance } = scores.get(known) as Score;
        expect(value, known).toBeGreaterThan(chance + 0.15);
      }
    }
    expect(await runAll(latents.slice(1))).toEqual(first.slice(1));
  }, 120_000);
});

describe("negatives of the ladder in a run", () => {
  it("are what explainers contrast with and what scores are told by, kind by kind", async () => {
    const latents = await clearest(1);
    const embedded = await embedWindows(cache, { latents, windowLength: 16, onProgress: false });
    const hard = ["co-active", "same-token", "embedding-neighbour"] as const;
    const sampling: SampleExamplesOptions = {
      ...examples,
      nonActivating: 24,
      negatives: ["random", ...hard],
      contrast: 10,
      contrastKinds: ["embedding-neighbour"],
      embedded,
    };
    const directory = join(scratch, "runs");
    const settings = {
      explainer: contrastive(pattern()),
      scorers: [detection(pattern()), fuzzing(pattern())],
      examples: sampling,
      directory,
      onProgress: false,
    } as const;
    const run = async () => {
      for await (const result of interpret(cache, latents, settings)) {
        if (result.status === "scored") return result;
      }
      throw new Error("nothing was scored");
    };
    const first = await run();
    for (const score of first.scores) {
      const { byKind } = scoreCard(score);
      for (const kind of hard) {
        expect(byKind.get(kind)?.n, `${score.scorer} ${kind}`).toBeGreaterThan(0);
      }
    }
    // The pool is named by its hash in the settings, so that the run is found again.
    expect((await run()).scores).toEqual(first.scores);
    expect(readdirSync(directory)).toHaveLength(1);
  }, 120_000);
});
