/**
 * Tokens per second through the sparse encoder at real sizes, and through the demo's model and
 * coder together. Weights of the large coders are random: speed does not depend on them. The peak
 * is a bare product of the same matrices in the same runtime, measured in turn with the encoder.
 *
 *     npx tsx bench/encode.ts [--threads 2] [--sizes 768x16384,768x32768]
 */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { loadModel } from "../src/model/load-model.js";
import { graphBuilder } from "../src/model/onnx/graph-builder.js";
import { openSession } from "../src/model/onnx/onnx-session.js";
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
  /** Of the bare product's speed, by processor time: other jobs take of the clock, not of that. */
  shareOfPeak: number | undefined;
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
const atStart = cpuTimes();

await main();

async function main(): Promise<void> {
  const rows: Row[] = [];
  for (const size of values.sizes.split(",")) {
    const [dModel, dSae] = size.split("x").map(Number);
    for (const kind of ["topk", "threshold"] as const) rows.push(await largeCoder(dModel, dSae, kind));
  }
  rows.push(await demo());
  console.log(
    `${"".padEnd(28)}${"tokens/s".padStart(10)}${"GFLOP/s".padStart(10)}${"of peak".padStart(9)}${"L0".padStart(7)}`,
  );
  for (const { name, tokensPerSecond, gigaflops, shareOfPeak, latentsPerToken } of rows) {
    const share = shareOfPeak === undefined ? "" : `${(100 * shareOfPeak).toFixed(0)} %`;
    const speed = tokensPerSecond.toFixed(0).padStart(10);
    const numbers = [speed, (gigaflops?.toFixed(1) ?? "").padStart(10), share.padStart(9)];
    console.log(name.padEnd(28) + numbers.join("") + latentsPerToken.toFixed(0).padStart(7));
  }
  const idle = idleShare();
  console.log(`idle ${idle.toFixed(2)}`);
  const machine = { idle, cpu: cpus()[0]?.model, threads, load: loadavg()[0], node: process.version };
  console.log(JSON.stringify({ bench: "encode", machine, rows }));
}

async function largeCoder(dModel: number, dSae: number, kind: "topk" | "threshold"): Promise<Row> {
  const weights = randomWeights(dModel, dSae, kind);
  const coder = weightedCoder(weights, { name: "bench", hash: "", threads });
  const x = normals([1024, dModel], "x");
  const product = await bareProduct(weights.encoder);
  let seconds = Number.POSITIVE_INFINITY;
  let cpuSeconds = Number.POSITIVE_INFINITY;
  let bare = Number.POSITIVE_INFINITY;
  let latents = 0;
  // In turn, so that what disturbs one disturbs the other.
  for (let i = 0; i < 3; i++) {
    bare = Math.min(bare, (await best(() => product.run(x))).cpuSeconds);
    const encoded = await best(() => coder.encode(x));
    seconds = Math.min(seconds, encoded.seconds);
    cpuSeconds = Math.min(cpuSeconds, encoded.cpuSeconds);
    latents = encoded.latents;
  }
  await Promise.all([coder.close(), product.close()]);
  const flops = 2 * dModel * dSae * 1024;
  return {
    name: `${kind} ${dModel}x${dSae}`,
    tokensPerSecond: 1024 / seconds,
    gigaflops: flops / seconds / 1e9,
    shareOfPeak: bare / cpuSeconds,
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
    shareOfPeak: undefined,
    latentsPerToken: latents / ids.length,
  };
}

/** The product alone, in as many rows a run as the coder takes; only its largest numbers come back. */
async function bareProduct({ data, shape }: Tensor) {
  const [dSae, dModel] = shape;
  const builder = graphBuilder();
  const x = builder.input("x", ["position", dModel]);
  const w = builder.weight("w", data, [dSae, dModel]);
  const [h] = builder.node("Gemm", [x, w], { attributes: { transB: 1 } });
  const [largest] = builder.node("ReduceMax", [h], { attributes: { axes: [1], keepdims: 0 } });
  const session = await openSession(builder.build({ largest }), { path: "bare product", threads });
  const step = Math.min(1024, Math.max(32, Math.floor(5e9 / (2 * dModel * dSae))));
  return {
    async run(input: Tensor) {
      for (let start = 0; start < 1024; start += step) {
        const rows = Math.min(step, 1024 - start);
        await session.run({
          x: tensor(input.data.subarray(start * dModel, (start + rows) * dModel), [rows, dModel]),
        });
      }
      return { latents: new Uint32Array() };
    },
    close: () => session.close(),
  };
}

/** Share of all cores that nobody used since this machine's counters were first read. */
function idleShare(): number {
  const now = cpuTimes();
  return (now.idle - atStart.idle) / Math.max(1, now.total - atStart.total);
}

function cpuTimes() {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    idle: sum(times.map((t) => t.idle)),
    total: sum(times.map((t) => t.user + t.nice + t.sys + t.idle + t.irq)),
  };
}

/** The least disturbed of several runs, after one that is not counted. */
async function best(run: () => Promise<{ latents: Uint32Array }>) {
  let seconds = Number.POSITIVE_INFINITY;
  let cpuSeconds = Number.POSITIVE_INFINITY;
  let latents = (await run()).latents.length;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    const before = process.cpuUsage();
    latents = (await run()).latents.length;
    const { user, system } = process.cpuUsage(before);
    cpuSeconds = Math.min(cpuSeconds, (user + system) / 1e6);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return { seconds, cpuSeconds, latents };
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
