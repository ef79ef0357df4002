/**
 * How much of the machine's float32 peak is used: by the sparse encoder at real sizes, and by model and encoder
 * together, from texts to the cache on disk. Weights are random: speed does not depend on them.
 *
 *     npx tsx bench/engine.ts [--threads 2] [--sizes 768x32768,768x131072] [--model FOLDER --tokens 16384]
 *
 * *of peak* is by processor time, so that other jobs on the machine do not count: the products' operations a second, of
 * what `peak.c` reaches in the registers (where there is no C compiler: of a bare product in the same runtime).
 * *of product* is the speed of such a product as a share, measured in turn with the encoder. *int8 screen* is the same coder
 * with `screen: "int8"`, whose latents are compared with the others; it can be faster than a product in float32. `--model` takes
 * a folder as `delphi/peer.py make FOLDER 768 12 32768` writes it: model.onnx and sae/layers.N. *cold* is from nothing to the
 * cache: loading model and coder, preparing the session, caching. *steady* is the same call again into another folder, with
 * the session that the model has kept: what a longer corpus would go on with. All but *cold* is the least disturbed of several
 * runs, the peak too, which is measured between them. `--sizes ""` leaves the encoders out.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheLatents } from "../src/cache/cache-latents.js";
import { demoCorpus } from "../src/corpus/demo-corpus.js";
import { loadModel } from "../src/model/load-model.js";
import { graphBuilder } from "../src/model/onnx/graph-builder.js";
import { openSession } from "../src/model/onnx/onnx-session.js";
import type { SubjectModel } from "../src/model/subject-model.js";
import { seededRandom } from "../src/random.js";
import type { CoderWeights } from "../src/sparse/coder-weights.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { screenedCoder } from "../src/sparse/screened-coder.js";
import type { SparseCoder } from "../src/sparse/sparse-coder.js";
import { weightedCoder } from "../src/sparse/weighted-coder.js";
import { type Tensor, tensor } from "../src/tensor.js";
import { idleSince } from "./idle-since.js";

interface Row {
  name: string;
  tokensPerSecond: number;
  /** Of the products, by the clock: the peak of all cores is reached only on a machine that does nothing else. */
  gigaflops: number;
  /** Of the products, a second of processor time: other jobs take of the clock, not of that. */
  gigaflopsPerCore: number;
  /** The same of the bare product's speed. */
  shareOfProduct: number | undefined;
  latentsPerToken: number;
}

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: String(availableParallelism()) },
    sizes: { type: "string", default: "768x32768,768x131072" },
    model: { type: "string" },
    tokens: { type: "string", default: "16384" },
  },
});
const threads = Number(values.threads);
const repeats = 5;
const atStart = cpus();

await main();

async function main(): Promise<void> {
  const rows: Row[] = [];
  const peaks = [measurePeak() ?? (await productPeak())];
  for (const size of values.sizes.split(",").filter(Boolean)) {
    const [dModel, dSae] = size.split("x").map(Number);
    for (const kind of ["topk", "threshold"] as const)
      rows.push(...(await largeCoder({ dModel, dSae, kind })));
    peaks.push(measurePeak() ?? peaks[0]);
  }
  if (values.model) rows.push(...(await endToEnd(values.model, () => peaks.push(measurePeak() ?? peaks[0]))));
  // The least disturbed, as of everything else.
  const peak = peaks.reduce((a, b) => (b.gigaflops > a.gigaflops ? b : a));
  const percent = (share: number | undefined) => (share === undefined ? "" : `${(100 * share).toFixed(0)} %`);
  console.log(`peak: ${peak.gigaflops.toFixed(0)} GFLOP/s a core (${peak.how})`);
  console.table(
    rows.map((row) => ({
      name: row.name,
      "tokens/s": Math.round(row.tokensPerSecond),
      "GFLOP/s": Math.round(row.gigaflops),
      "of peak, clock": percent(row.gigaflops / threads / peak.gigaflops),
      "of peak": percent(row.gigaflopsPerCore / peak.gigaflops),
      "of product": percent(row.shareOfProduct),
      L0: Math.round(row.latentsPerToken),
    })),
  );
  const idle = idleSince(atStart);
  const machine = { idle, cpu: cpus()[0]?.model, threads, load: loadavg()[0], node: process.version };
  console.log(JSON.stringify({ bench: "engine", machine, peak, rows }));
}

/** GFLOP per second of processor time of one core. */
function measurePeak(): { gigaflops: number; how: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "saelab-peak-"));
  try {
    const program = join(folder, "peak");
    const flags = ["-O2", "-march=native", "-ffp-contract=fast", "-pthread"];
    execFileSync("cc", [...flags, join(import.meta.dirname, "peak.c"), "-o", program], { stdio: "ignore" });
    const gigaflops = Number.parseFloat(execFileSync(program, [String(threads)], { encoding: "utf8" }));
    return { gigaflops, how: "multiply-adds in registers" };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For want of a compiler. */
async function productPeak(): Promise<{ gigaflops: number; how: string }> {
  const weights = normals([16_384, 768], "w");
  const product = await bareProduct(weights);
  const x = normals([1024, 768], "x");
  const { cpuSeconds } = await best(() => product.run(x));
  await product.close();
  return { gigaflops: (2 * 768 * 16_384 * 1024) / cpuSeconds / 1e9, how: "a product in the same runtime" };
}

interface CoderCase {
  dModel: number;
  dSae: number;
  kind: "topk" | "threshold";
}

/** The encoder in float32, and screened. */
async function largeCoder({ dModel, dSae, kind }: CoderCase): Promise<Row[]> {
  const weights = randomWeights(dModel, dSae, kind);
  const options = { name: "bench", hash: "", threads };
  const coder = weightedCoder(weights, options);
  const screened = screenedCoder(weightedCoder(weights, options), weights, { threads, onWarning: fail });
  const x = normals([1024, dModel], "x");
  const product = await bareProduct(weights.encoder);
  const ways = [() => product.run(x), () => coder.encode(x), () => screened.encode(x)];
  const found = ways.map(() => ({ seconds: Number.POSITIVE_INFINITY, cpuSeconds: Number.POSITIVE_INFINITY }));
  let latents: Uint32Array = new Uint32Array();
  // In turn, so that what disturbs one disturbs the others.
  for (let i = 0; i < 3; i++) {
    for (const [way, run] of ways.entries()) {
      const { seconds, cpuSeconds, latents: fired } = await best(run);
      found[way].seconds = Math.min(found[way].seconds, seconds);
      found[way].cpuSeconds = Math.min(found[way].cpuSeconds, cpuSeconds);
      if (way === 2 && !fired.every((latent, i) => latent === latents[i])) fail("the screen changes latents");
      latents = fired;
    }
  }
  await Promise.all([coder.close(), screened.close(), product.close()]);
  const flops = 2 * dModel * dSae * 1024;
  return ["", ", int8 screen"].map((suffix, i) => {
    const { seconds, cpuSeconds } = found[i + 1];
    return {
      name: `${kind} ${dModel}x${dSae}${suffix}`,
      tokensPerSecond: 1024 / seconds,
      gigaflops: flops / seconds / 1e9,
      gigaflopsPerCore: flops / cpuSeconds / 1e9,
      shareOfProduct: found[0].cpuSeconds / cpuSeconds,
      latentsPerToken: latents.length / 1024,
    };
  });
}

function fail(reason: string): never {
  throw new Error(`Cannot compare the screened encoder: ${reason}`);
}

/** A corpus into a cache on disk, in float32 and screened: cold, then steady in turn. */
async function endToEnd(folder: string, beforeRound: () => void): Promise<Row[]> {
  const work = mkdtempSync(join(tmpdir(), "saelab-engine-"));
  const [place] = readdirSync(join(folder, "sae"));
  const ways = [];
  const steady: Row[] = [];
  const rows: Row[] = [];
  try {
    for (const screen of [undefined, "int8"] as const) {
      const since = stopwatch();
      const model = await loadModel(folder, { threads });
      const coder = await loadSparseCoder(join(folder, "sae", place), { threads, screen });
      ways.push({ model, coder, screen });
      rows.push(await cached({ model, coder, screen }, { folder, work, state: "cold", since }));
    }
    for (let round = 0; round < repeats; round++) {
      beforeRound();
      for (const way of ways) {
        steady.push(await cached(way, { folder, work, state: "steady", since: stopwatch() }));
      }
    }
    return [...rows, ...ways.map((_, i) => leastDisturbed(steady.filter((_, j) => j % ways.length === i)))];
  } finally {
    await Promise.all(ways.flatMap(({ model, coder }) => [model.close(), coder.close()]));
    rmSync(work, { recursive: true, force: true });
  }
}

async function cached(
  { model, coder, screen }: { model: SubjectModel; coder: SparseCoder; screen: "int8" | undefined },
  { folder, work, state, since }: { folder: string; work: string; state: string; since: Stopwatch },
): Promise<Row> {
  const directory = mkdtempSync(join(work, state));
  const cache = await cacheLatents(
    { model, coder },
    await demoCorpus(Math.ceil(Number(values.tokens) / 20)),
    {
      ...{
        directory,
        contextLength: 128,
        precision: "f16",
        maxTokens: Number(values.tokens),
        onProgress: () => {},
      },
    },
  );
  const { seconds, cpuSeconds } = since();
  rmSync(directory, { recursive: true });
  const tokens = cache.tokenCount;
  const flops = tokens * (prefixOperations(folder, coder.hookpoint) + 2 * coder.dModel * coder.dSae);
  const name = `model to ${coder.hookpoint}, ${coder.dModel}x${coder.dSae}${screen ? ", int8 screen" : ""}, ${state}`;
  return {
    name,
    tokensPerSecond: tokens / seconds,
    gigaflops: flops / seconds / 1e9,
    gigaflopsPerCore: flops / cpuSeconds / 1e9,
    shareOfProduct: undefined,
    latentsPerToken: cache.manifest.rows / tokens,
  };
}

function leastDisturbed(rows: readonly Row[]): Row {
  const most = (of: (row: Row) => number) => Math.max(...rows.map(of));
  return {
    ...(rows[0] as Row),
    tokensPerSecond: most((row) => row.tokensPerSecond),
    gigaflops: most((row) => row.gigaflops),
    gigaflopsPerCore: most((row) => row.gigaflopsPerCore),
  };
}

type Stopwatch = () => { seconds: number; cpuSeconds: number };

/** Time since now, by the clock and of the processor. */
function stopwatch(): Stopwatch {
  const start = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}

/** Of a GPT-2's products a token, up to and with a block: 12 d² weights a block, and attention over 128 positions. */
function prefixOperations(folder: string, place: string): number {
  const { n_embd: d } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const blocks = Number(place.split(".").at(-1)) + 1;
  return blocks * (2 * 12 * d * d + 4 * 128 * d);
}

/** The product alone; only its largest numbers come back. */
async function bareProduct({ data, shape }: Tensor) {
  const [dSae, dModel] = shape;
  const builder = graphBuilder();
  const x = builder.input("x", ["position", dModel]);
  const w = builder.weight("w", data, [dSae, dModel]);
  const [h] = builder.node("Gemm", [x, w], { attributes: { transB: 1 } });
  const [largest] = builder.node("ReduceMax", [h], { attributes: { axes: [1], keepdims: 0 } });
  const session = await openSession(builder.build({ largest }), { path: "bare product", threads });
  return {
    async run(input: Tensor) {
      await session.run({ x: input });
      return { latents: new Uint32Array() };
    },
    close: () => session.close(),
  };
}

/** The least disturbed of several runs, after one that is not counted. */
async function best(run: () => Promise<{ latents: Uint32Array }>) {
  let seconds = Number.POSITIVE_INFINITY;
  let cpuSeconds = Number.POSITIVE_INFINITY;
  let { latents } = await run();
  for (let i = 0; i < repeats; i++) {
    const since = stopwatch();
    ({ latents } = await run());
    const took = since();
    cpuSeconds = Math.min(cpuSeconds, took.cpuSeconds);
    seconds = Math.min(seconds, took.seconds);
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
