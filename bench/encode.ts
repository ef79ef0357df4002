/**
 * Tokens per second through the sparse encoder at real sizes, and through the demo's model and
 * coder together. Weights of the large coders are random: speed does not depend on them.
 *
 *     npx tsx bench/encode.ts [--threads 2] [--sizes 768x16384,768x32768]
 */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { loadModel } from "../src/model/load-model.js";
import { seededRandom } from "../src/random.js";
import type { CoderWeights } from "../src/sparse/coder-weights.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { weightedCoder } from "../src/sparse/weighted-coder.js";
import { type Tensor, tensor } from "../src/tensor.js";

interface Row {
  name: string;
  tokensPerSecond: number;
  /** Of the encoder's products; too small to say anything for the demo. */
  gigaflops: number | undefined;
  latentsPerToken: number;
}

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: String(availableParallelism()) },
    sizes: { type: "string", default: "768x16384,768x32768" },
  },
});
const threads = Number(values.threads);
const repeats = 5;

await main();

async function main(): Promise<void> {
  const rows: Row[] = [];
  for (const size of values.sizes.split(",")) {
    const [dModel, dSae] = size.split("x").map(Number);
    for (const kind of ["topk", "threshold"] as const) rows.push(await largeCoder(dModel, dSae, kind));
  }
  rows.push(await demo());
  console.log(`${"".padEnd(28)}${"tokens/s".padStart(10)}${"GFLOP/s".padStart(10)}${"L0".padStart(7)}`);
  for (const { name, tokensPerSecond, gigaflops, latentsPerToken } of rows) {
    const numbers = [tokensPerSecond.toFixed(0).padStart(10), (gigaflops?.toFixed(1) ?? "").padStart(10)];
    console.log(name.padEnd(28) + numbers.join("") + latentsPerToken.toFixed(0).padStart(7));
  }
  const machine = { cpu: cpus()[0]?.model, threads, load: loadavg()[0], node: process.version };
  console.log(JSON.stringify({ bench: "encode", machine, rows }));
}

async function largeCoder(dModel: number, dSae: number, kind: "topk" | "threshold"): Promise<Row> {
  const weights = randomWeights(dModel, dSae, kind);
  const coder = weightedCoder(weights, { name: "bench", hash: "", threads });
  const x = normals([1024, dModel], "x");
  const { seconds, latents } = await best(() => coder.encode(x));
  await coder.close();
  const flops = 2 * dModel * dSae * 1024;
  return {
    name: `${kind} ${dModel}x${dSae}`,
    tokensPerSecond: 1024 / seconds,
    gigaflops: flops / seconds / 1e9,
    latentsPerToken: latents / 1024,
  };
}

async function demo(): Promise<Row> {
  const model = await loadModel("demo", { threads });
  const coder = await loadSparseCoder("demo/layers.2", { threads });
  const ids = Int32Array.from({ length: 64 * 128 }, (_, i) => (i * 7919) % model.tokenizer.vocabSize);
  const tokens = tensor(ids, [64, 128]);
  const { seconds, latents } = await best(async () => {
    const found = await model.activations(tokens, [coder.hookpoint]);
    return await coder.encode(found.get(coder.hookpoint) as Tensor);
  });
  await Promise.all([model.close(), coder.close()]);
  return {
    name: "demo model and layers.2",
    tokensPerSecond: ids.length / seconds,
    gigaflops: undefined,
    latentsPerToken: latents / ids.length,
  };
}

/** The least disturbed of several runs, after one that is not counted. */
async function best(run: () => Promise<{ latents: Uint32Array }>) {
  let seconds = Number.POSITIVE_INFINITY;
  let latents = (await run()).latents.length;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    latents = (await run()).latents.length;
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return { seconds, latents };
}

function randomWeights(dModel: number, dSae: number, kind: "topk" | "threshold"): CoderWeights {
  const encoder = normals([dSae, dModel], "encoder");
  // Pre-activations have a deviation of √d: about one in a thousand lies above 3.1 of them.
  const thresholds = new Float32Array(dSae).fill(3.1 * Math.sqrt(dModel));
  return {
    hookpoint: "layers.0",
    hookpointOut: "layers.0",
    activation: kind === "topk" ? { kind, k: 32 } : { kind, name: "jumprelu", thresholds },
    encoder,
    encoderBias: new Float32Array(dSae),
    decoder: encoder,
    decoderBias: new Float32Array(dModel),
    subtractsDecoderBias: true,
    skip: undefined,
  };
}

/** Sums of uniform numbers: normal enough. */
function normals(shape: readonly [number, number], seed: string): Tensor {
  const { random } = seededRandom(seed);
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => {
    return (random() + random() + random() + random() - 2) * Math.sqrt(3);
  });
  return tensor(data, shape);
}
