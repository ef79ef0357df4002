/** How hard each rung of the ladder of negatives is, on latents of the demo: a table for docs/scorer-gauntlet.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateDocuments } from "../demo/world/index.js";
import { cacheLatents } from "../src/cache/cache-latents.js";
import type { LatentExamples, Window } from "../src/examples/example.js";
import { minimalEdits } from "../src/examples/minimal-edits.js";
import { negativeKinds, negativeLadder } from "../src/examples/negative-ladder.js";
import { sampleExamples } from "../src/examples/sample-examples.js";
import { topActivations } from "../src/explain/top-activations.js";
import { embedWindows } from "../src/llm/embed-windows.js";
import { builtInEmbedder } from "../src/llm/local/built-in-embedder.js";
import { pattern } from "../src/llm/pattern/pattern-model.js";
import { loadModel } from "../src/model/load-model.js";
import { detection } from "../src/score/detection.js";
import { embedding } from "../src/score/embedding.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { clusteredMean } from "../src/stats/clustered-mean.js";

const rungs = [...negativeKinds, "minimal-edit"] as const;
type Rung = (typeof rungs)[number];

/** What is measured of the negatives of one rung of one latent. */
interface Hardness {
  readonly rung: Rung;
  /** Share of tokens in common with the test window that has most, mean over the negatives. */
  readonly shared: number;
  /** Of detection by the embedded model, of the sentence that it wrote itself. */
  readonly trueNegativeRate: number;
  /** Of embedding, of the same sentence. */
  readonly auroc: number;
}

/** A table with a line for each rung: means over latents with their intervals. */
export async function rungTable({ latents: count = 16, negatives = 20, edits = 8 } = {}): Promise<string> {
  const [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.2.wide")]);
  const directory = mkdtempSync(join(tmpdir(), "saelab-rungs-"));
  const texts = [...generateDocuments({ seed: "rungs", count: 600 })].map(({ text }) => text);
  const cache = await cacheLatents({ model, coder }, texts, { directory, onProgress: false });
  const latents = cache.sample(count, { seed: 22, minCount: 300 });
  const embedded = await embedWindows(cache, { latents, onProgress: false });
  const found: Hardness[] = [];
  for (const latent of latents) {
    const examples = sampleExamples(cache, latent, { train: 30, test: 30, minWindows: 1 });
    const ladder = negativeLadder(cache, examples, { coder, embedded, count: negatives });
    const edited = await minimalEdits(cache, examples, { model, coder, count: edits, onProgress: false });
    found.push(...(await hardnessOf(examples, [...ladder, ...edited])));
  }
  await Promise.all([model.close(), coder.close()]);
  rmSync(directory, { recursive: true });
  const head = "| rung | latents | tokens shared | true negative rate of detection | AUROC of embedding |";
  return [head, "| --- | --- | --- | --- | --- |", ...rungs.map((rung) => lineOf(rung, found))].join("\n");
}

async function hardnessOf(
  examples: LatentExamples,
  negatives: readonly (Window & { readonly kind: Rung })[],
): Promise<Hardness[]> {
  const llm = pattern();
  const explained = await topActivations(llm).explain(examples);
  if (explained.status !== "ok") return [];
  const found: Hardness[] = [];
  for (const rung of rungs) {
    const nonActivating = negatives.filter(({ kind }) => kind === rung);
    if (nonActivating.length === 0) continue;
    const against = { ...examples, nonActivating };
    const [{ trueNegativeRate }, { value }] = await Promise.all([
      detection(llm).score(explained.value, against),
      embedding(builtInEmbedder()).score(explained.value, against),
    ]);
    if (trueNegativeRate === undefined || value === undefined) continue;
    found.push({ rung, shared: meanShared(against), trueNegativeRate, auroc: value });
  }
  return found;
}

function meanShared({ test, nonActivating }: LatentExamples): number {
  const nearest = nonActivating.map(({ tokens }) =>
    Math.max(...test.map((window) => sharedTokens(tokens, window.tokens))),
  );
  return nearest.reduce((sum, share) => sum + share, 0) / nearest.length;
}

/** Of the tokens that either window has, the share that both have. */
function sharedTokens(a: Int32Array, b: Int32Array): number {
  const [one, other] = [new Set(a), new Set(b)];
  const both = [...one].filter((token) => other.has(token)).length;
  return both / (one.size + other.size - both);
}

function lineOf(rung: Rung, found: readonly Hardness[]): string {
  const own = found.filter((one) => one.rung === rung);
  const cell = (of: (one: Hardness) => number) => {
    const { value, interval } = clusteredMean(own.map(of), [...own.keys()]);
    return `${value.toFixed(2)} (${interval[0].toFixed(2)} to ${interval[1].toFixed(2)})`;
  };
  const cells = [
    cell(({ shared }) => shared),
    cell(({ trueNegativeRate }) => trueNegativeRate),
    cell(({ auroc }) => auroc),
  ];
  return `| ${[rung, own.length, ...cells].join(" | ")} |`;
}
