/**
 * How many latents a second the scorers judge that need no service, and the rule-based model through a loopback server.
 *
 *     npx tsx bench/score.ts [--latents 20] [--passes 3]
 *
 * Reference in the same run: `detection` by the embedded model, called directly. Each scorer judges 50 + 50 windows of every
 * latent; the median of the passes counts. Prints a table, then one line of JSON.
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
import { loadModel } from "../src/model/load-model.js";
import { shuffledNull } from "../src/run/shuffled-labels.js";
import { unigramNull } from "../src/run/unigram-rule.js";
import { detection } from "../src/score/detection.js";
import { embedding } from "../src/score/embedding.js";
import { exampleEmbedding } from "../src/score/example-embedding.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { scoreCard } from "../src/score/score-card.js";
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
await Promise.all([model.close(), coder.close()]);

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
const work: Record<string, () => Promise<unknown>> = {
  [reference]: () => each((task) => detection(llm).score(task.explanation, task.examples)),
  "detection, through a loopback server": () =>
    each((task) => detection(service).score(task.explanation, task.examples)),
  "fuzzing, embedded model": () => each((task) => fuzzing(llm).score(task.explanation, task.examples)),
  "embedding, built-in": () => {
    const scorer = embedding(builtInEmbedder());
    return each((task) => scorer.score(task.explanation, task.examples));
  },
  "example embedding, built-in": () => {
    const scorer = exampleEmbedding(builtInEmbedder());
    return each((task) => scorer.score(task.explanation, task.examples));
  },
  "nulls that cost nothing": async () =>
    judged.map(({ examples, score }) => [unigramNull(examples, score), shuffledNull(score)]),
  "score card": async () => judged.map(({ score }) => scoreCard(score, { firingRate: 0.01 })),
};

async function each<T>(judge: (task: (typeof tasks)[number]) => Promise<T>): Promise<void> {
  await Promise.all(tasks.map(judge));
}

const rates: Record<string, number> = {};
for (const [name, run] of Object.entries(work)) {
  await run();
  const seconds: number[] = [];
  for (let pass = 0; pass < Number(options.passes); pass++) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1000);
  }
  rates[name] = tasks.length / quantile(seconds, 0.5);
}
await server.close();
rmSync(directory, { recursive: true });

console.log("| | latents/s | of the reference |\n|---|---|---|");
for (const [name, rate] of Object.entries(rates)) {
  const share = rate / (rates[reference] ?? Number.NaN);
  console.log(`| ${name} | ${rate.toFixed(1)} | ${share.toFixed(2)} |`);
}
console.log(JSON.stringify({ latents: tasks.length, load: loadavg()[0], rates }));
