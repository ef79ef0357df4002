/**
 * What the null panel says, as it is by default where the judge is free, of a trained coder, a random one and neurons of the
 * demo's model, and of random coders of models with random weights. The tables of docs/differences.md.
 *
 *     npx tsx bench/null-runs.ts [--latents 20] [--models 8]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateDocuments } from "../demo/world/index.js";
import { cacheLatents } from "../src/cache/cache-latents.js";
import { topActivations } from "../src/explain/top-activations.js";
import { pattern } from "../src/llm/pattern/pattern-model.js";
import { loadModel } from "../src/model/load-model.js";
import type { SubjectModel } from "../src/model/subject-model.js";
import { writeRandomModel } from "../src/model/write-random-model.js";
import { headlineLines, liftsText } from "../src/report/lift-table.js";
import { headlinesOf } from "../src/report/lifts.js";
import { type Report, report } from "../src/report/report.js";
import { interpret } from "../src/run/interpret.js";
import { detection } from "../src/score/detection.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { randomCoder } from "../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { neuronCoder } from "../src/sparse/neuron-coder.js";
import type { SparseCoder } from "../src/sparse/sparse-coder.js";

const { values: options } = parseArgs({
  options: { latents: { type: "string", default: "20" }, models: { type: "string", default: "8" } },
});
const root = mkdtempSync(join(tmpdir(), "saelab-null-runs-"));
const quiet = { onProgress: false } as const;
const texts = [...generateDocuments({ seed: "corpus", count: 400 })].map(({ text }) => text);
const llm = pattern();

async function reportOf(name: string, model: SubjectModel, coder: SparseCoder): Promise<Report> {
  const cache = await cacheLatents({ model, coder }, texts, { ...quiet, directory: join(root, name) });
  const latents = cache.sample(Number(options.latents), { seed: 5, minCount: 150 });
  const found = await report(
    interpret(cache, latents, {
      explainer: topActivations(llm),
      scorers: [detection(llm), fuzzing(llm)],
      examples: { train: 20, test: 40, negatives: ["random"] },
      nulls: { share: 1 },
      ...quiet,
    }),
  );
  await coder.close();
  return found;
}

const demo = await loadModel("demo");
const size = { dSae: 2048, k: 8, seed: "subject" };
const subjects = {
  "trained SAE": await loadSparseCoder("demo/layers.2.wide"),
  "random SAE": randomCoder(demo, "layers.2", size),
  neurons: neuronCoder(demo, "layers.2.mlp.neurons", { k: 8 }),
};
for (const [name, coder] of Object.entries(subjects)) {
  const found = await reportOf(name.replace(" ", "-"), demo, coder);
  console.log(
    [`\ntrained model, ${name}`, ...found.summary, ...headlineLines(found), ...liftsText(found)].join("\n"),
  );
}
await demo.close();

console.log("\nrandom models, random SAEs: lift over the strongest null");
for (let i = 0; i < Number(options.models); i++) {
  const folder = join(root, `model-${i}`);
  await writeRandomModel("demo", folder, { ...quiet, seed: `subject ${i}` });
  const model = await loadModel(folder);
  const found = await reportOf(`random-${i}`, model, randomCoder(model, "layers.2", { ...size, seed: i }));
  await model.close();
  const lifts = headlinesOf(found).map(({ scorer, over, lift: { value, interval } }) => {
    const [low, high] = interval.map((end) => end.toFixed(2));
    return `${scorer} ${value.toFixed(2)} (${low} to ${high}) over ${over}`;
  });
  console.log(`${i}: ${lifts.join("; ")}`);
}
rmSync(root, { recursive: true });
