/**
 * How many latents a second every scorer judges with no service, and the rule-based model through a loopback server.
 *
 *     npx tsx bench/score.ts [--latents 20] [--passes 3]
 *
 * Reference in the same run: `detection` by the embedded model, called directly. Each scorer judges 50 + 50 windows of every
 * latent (generation and sensitivity: 10 texts, run through the demo model); the median of the passes counts. Prints a
 * table, then one line of JSON.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateDocuments } from "../demo/world/index.js";
import { cacheLatents } from "../src/cache/cache-latents.js";
import type { LatentExamples } from "../src/examples/example.js";
import { sampleExamples } from "../src/examples/sample-examples.js";
import type { Explanation } from "../src/explain/explainer.js";
import { topActivations } from "../src/explain/top-activations.js";
import { claude } from "../src/llm/claude.js";
import { builtInEmbedder } from "../src/llm/local/built-in-embedder.js";
import { pattern } from "../src/llm/pattern/pattern-model.js";
import { patternTokenScorer } from "../src/llm/pattern/pattern-token-scorer.js";
import { loadModel } from "../src/model/load-model.js";
import { shuffledNull } from "../src/run/shuffled-labels.js";
import { unigramNull } from "../src/run/unigram-rule.js";
import { detection } from "../src/score/detection.js";
import { embedding } from "../src/score/embedding.js";
import { exampleEmbedding } from "../src/score/example-embedding.js";
import { execution } from "../src/score/execution.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { generation } from "../src/score/generation.js";
import { intruder } from "../src/score/intruder.js";
import { responsiveness } from "../src/score/responsiveness.js";
import { scoreCard } from "../src/score/score-card.js";
import type { Scorer } from "../src/score/scorer.js";
import { sensitivity } from "../src/score/sensitivity.js";
import { simulation } from "../src/score/simulation.js";
import { surprisal } from "../src/score/surprisal.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { quantile } from "../src/stats/quantile.js";
import { messagesServer } from "../test/servers/messages-server.js";

const { values: options } = parseArgs({
  options: { latents: { type: "string", default: "20" }, passes: { type: "string", default: "3" } },
});
const directory = mkdtempSync(join(tmpdir(), "saelab-bench-score-"));
const [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.2.wide")]);
const texts = [...generateDocuments({ seed: "corpus", count: 2000 })].map(({ text }) => text);
const cache = await cacheLatents({ model, coder }, texts, {
  directory: ".cache/bench-score",
  onProgress: false,
});
const subject = { model, coder };
const llm = pattern();
const latents = cache.sample(Number(options.latents), { seed: 22, minCount: 300 });
const tasks: { examples: LatentExamples; explanation: Explanation }[] = [];
for (const latent of latents) {
  const examples = sampleExamples(cache, latent, { test: 50 });
  const explained = await topActivations(llm).explain(examples);
  if (explained.status === "ok") tasks.push({ examples, explanation: explained.value });
}
const server = await messagesServer();
const service = claude({ apiKey: "test-key", baseURL: server.url });
const judged = await Promise.all(
  tasks.map(async ({ examples, explanation }) => ({
    examples,
    score: await detection(llm).score(explanation, examples),
  })),
);

const reference = "detection, embedded model";
const tokens = patternTokenScorer();
const embedder = builtInEmbedder();
const scorers: Record<string, Scorer> = {
  [reference]: detection(llm),
  "detection, through a loopback server": detection(service),
  "detection, by probability": detection(tokens),
  "fuzzing, marks in silent windows": fuzzing(llm, { negatives: ["non-activating"] }),
  "fuzzing, wrong tokens": fuzzing(llm, { negatives: ["wrong-tokens"] }),
  "fuzzing, repeated marks (as published)": fuzzing(llm, { negatives: ["repeated-marks"] }),
  "surprisal, embedded model": surprisal(tokens),
  "embedding, built-in": embedding(embedder),
  "example embedding, built-in": exampleEmbedding(embedder),
  "simulation, in words": simulation(llm),
  "simulation, by probability": simulation(tokens),
  intruder: intruder(llm),
  "generation and clarity": generation(llm, subject),
  "responsiveness and purity": responsiveness(llm),
  sensitivity: sensitivity(llm, subject),
  execution: execution(),
  "execution, over the cache too": execution({ cache }),
};
const work: Record<string, () => Promise<unknown>> = {
  ...Object.fromEntries(
    Object.entries(scorers).map(([name, scorer]) => [
      name,
      () => each(({ explanation, examples }) => scorer.score(explanation, examples)),
    ]),
  ),
  "nulls that cost nothing": async () =>
    judged.map(({ examples, score }) => [unigramNull(examples, score), shuffledNull(score)]),
  "score card": async () => judged.map(({ score }) => scoreCard(score, { firingRate: 0.01 })),
};

async function each<T>(judge: (task: (typeof tasks)[number]) => Promise<T>): Promise<void> {
  await Promise.all(tasks.map(judge));
}

/** Latents a second by the clock, and by processor time, which other work on the machine does not stretch. */
const rates: Record<string, { clock: number; processor: number }> = {};
for (const [name, run] of Object.entries(work)) {
  await run();
  const passes: { clock: number; processor: number }[] = [];
  for (let pass = 0; pass < Number(options.passes); pass++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(used);
    passes.push({ clock: (performance.now() - start) / 1e3, processor: (user + system) / 1e6 });
  }
  const rateBy = (of: (seconds: (typeof passes)[number]) => number) =>
    tasks.length / quantile(passes.map(of), 0.5);
  rates[name] = { clock: rateBy(({ clock }) => clock), processor: rateBy(({ processor }) => processor) };
}
await Promise.all([server.close(), model.close(), coder.close()]);
rmSync(directory, { recursive: true });

console.log("| | latents/s | latents per processor second | of the reference |\n|---|---|---|---|");
for (const [name, { clock, processor }] of Object.entries(rates)) {
  const share = processor / (rates[reference]?.processor ?? Number.NaN);
  console.log(`| ${name} | ${clock.toFixed(1)} | ${processor.toFixed(1)} | ${share.toFixed(2)} |`);
}
console.log(JSON.stringify({ latents: tasks.length, load: loadavg()[0], rates }));
