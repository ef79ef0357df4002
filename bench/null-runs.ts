/**
 * What whole runs without training get: trained coder, random coder and neurons of the demo's model, and a random coder of a
 * model with weights drawn anew. The table of docs/differences.md.
 *
 *     npx tsx bench/null-runs.ts [--latents 40]
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
import { writeRandomModel } from "../src/model/write-random-model.js";
import { liftLines } from "../src/report/lift-table.js";
import { report } from "../src/report/report.js";
import { interpret } from "../src/run/interpret.js";
import { detection } from "../src/score/detection.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { randomCoder } from "../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { neuronCoder } from "../src/sparse/neuron-coder.js";

const { values: options } = parseArgs({ options: { latents: { type: "string", default: "40" } } });
const root = mkdtempSync(join(tmpdir(), "saelab-null-runs-"));
await writeRandomModel("demo", join(root, "model"));
const [trained, random] = [await loadModel("demo"), await loadModel(join(root, "model"))];
const texts = [...generateDocuments({ seed: "corpus", count: 1000 })].map(({ text }) => text);
const coder = { dSae: 4096, k: 8 };
const runs = [
  ["trained model, trained SAE", trained, await loadSparseCoder("demo/layers.2.wide")],
  ["trained model, random SAE", trained, randomCoder(trained, "layers.2", coder)],
  ["trained model, neurons", trained, neuronCoder(trained, "layers.2.mlp.neurons", { k: 8 })],
  ["random model, random SAE", random, randomCoder(random, "layers.2", coder)],
] as const;
const llm = pattern();
for (const [name, model, latentsOf] of runs) {
  const directory = join(root, name.replaceAll(/\W+/g, "-"));
  const cache = await cacheLatents({ model, coder: latentsOf }, texts, { directory, onProgress: false });
  const results = await report(
    interpret(cache, cache.sample(Number(options.latents), { seed: 5, minCount: 150 }), {
      explainer: topActivations(llm),
      scorers: [detection(llm), fuzzing(llm)],
      examples: { train: 40, test: 50 },
      nulls: { share: 1 },
      onProgress: false,
    }),
  );
  console.log([`\n${name}`, ...results.summary, ...liftLines(results)].join("\n"));
  await latentsOf.close();
}
await Promise.all([trained.close(), random.close()]);
rmSync(root, { recursive: true });
