/**
 * saelab against delphi: the same text, tokenizer, model and sparse coder, on the same cores.
 *
 *     npx tsx bench/delphi.ts [--tokens 250000] [--size 128x2x4096] [--latents 1000]
 *     npx tsx bench/delphi.ts --own 1000000,4000000
 *
 * The second caches with our side alone, so many tokens each: whether memory grows with them.
 *
 * `--size` is d_model × blocks × d_sae. The model and the TopK coder (k = 32, behind half of the blocks) have random weights,
 * and the text is the demo world's in contexts of 256 tokens. Each side runs in a process of its own: cache to disk, then
 * sample examples of random latents (delphi's defaults: 40 + 50 windows of 32 tokens, 50 silent ones). Our time
 * includes cutting the text into tokens, delphi's does not. `delphi/requirements.txt` says what is installed, into
 * `.cache/bench`; without PyPI our side runs alone, on the demo's own model and coder.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheLatents } from "../src/cache/cache-latents.js";
import { LatentCache } from "../src/cache/latent-cache.js";
import { demoCorpus } from "../src/corpus/demo-corpus.js";
import { sampleExamples } from "../src/examples/sample-examples.js";
import { loadModel } from "../src/model/load-model.js";
import { seededRandom } from "../src/random.js";
import { loadSparseCoder } from "../src/sparse/load-sparse-coder.js";
import { idleSince } from "./idle-since.js";

const root = join(import.meta.dirname, "..");
const python = join(root, ".cache/bench/delphi-venv/bin/python");
const here = join(import.meta.dirname, "delphi");
const contextLength = 256;
const threads = availableParallelism();

/** What one side reports of caching. */
interface Cached {
  tokens: number;
  seconds: number;
  bytes: number;
  nonZeros: number;
  rssMB: number;
}

/** What one side reports of sampling: `records` are the latents that had enough examples. */
interface Sampled {
  latents: number;
  records: number;
  seconds: number;
  rssMB: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tokens: { type: "string", default: "250000" },
    size: { type: "string", default: "128x2x4096" },
    latents: { type: "string", default: "1000" },
    own: { type: "string" },
  },
});

const [side, folder] = positionals;
if (side === "cache") console.log(JSON.stringify(await cacheHere(folder, Number(values.tokens))));
else if (side === "read") console.log(JSON.stringify(readHere(folder)));
else if (values.own) ownSide(values.own.split(","));
else await main();

async function main(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "saelab-bench-delphi-"));
  const before = cpus();
  try {
    const peer = preparePeer(work);
    const cached = run<Cached>(ownCommand("cache", work, "--tokens", values.tokens));
    writeFileSync(join(work, "latents.json"), JSON.stringify(someLatents(work)));
    const sampled = run<Sampled>(ownCommand("read", work));
    const rows = [row("saelab", cached, sampled)];
    const machine = { cpu: cpus()[0]?.model, threads, node: process.version };
    if (peer) {
      copyFileSync(join(work, "cache", "tokens.u16"), join(work, "tokens.u16"));
      const theirs = run<Cached>([python, "peer.py", "cache", work, String(cached.tokens), String(threads)]);
      const count = String(sampled.latents);
      const theirSamples = run<Sampled>([python, "peer.py", "read", work, count, String(threads)]);
      rows.push(row("delphi", theirs, theirSamples));
      rows.push(ratios(rows[0], rows[1]));
    }
    console.table(rows);
    const idle = idleSince(before);
    console.log(
      JSON.stringify({ bench: "delphi", size: values.size, machine, idle: +idle.toFixed(2), rows }),
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Caches with our side, each number of tokens in a process of its own. */
function ownSide(counts: readonly string[]): void {
  const work = mkdtempSync(join(tmpdir(), "saelab-bench-delphi-"));
  try {
    preparePeer(work);
    const rows = counts.map((tokens) => {
      const cached = run<Cached>(ownCommand("cache", work, "--tokens", tokens));
      rmSync(join(work, "cache"), { recursive: true });
      rmSync(join(work, "warm"), { recursive: true });
      return cachedRow("saelab", cached);
    });
    console.table(rows);
    console.log(JSON.stringify({ bench: "delphi --own", size: values.size, threads, rows }));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Installs delphi where it is missing, and makes model and coder. False where that cannot be done. */
function preparePeer(work: string): boolean {
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    copyFileSync(join(root, "demo/model", name), join(work, name));
  }
  if (!existsSync(python)) {
    mkdirSync(join(root, ".cache/bench"), { recursive: true });
    const venv = spawnSync("python3", ["-m", "venv", join(root, ".cache/bench/delphi-venv")]);
    const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "-r", join(here, "requirements.txt")];
    const installed = venv.status === 0 && spawnSync(python, pip, { stdio: "inherit" }).status === 0;
    if (!installed) {
      rmSync(join(root, ".cache/bench/delphi-venv"), { recursive: true, force: true });
      console.log("delphi could not be installed: only our side is measured, on the demo's model and coder");
      return false;
    }
  }
  const made = spawnSync(python, ["peer.py", "make", work, ...values.size.split("x")], {
    cwd: here,
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`Cannot make the model: ${made.stderr}`);
  return true;
}

async function subject(work: string) {
  const made = existsSync(join(work, "model.onnx"));
  const model = await loadModel(made ? work : "demo", { threads });
  const place = made ? join(work, "sae", readdirSync(join(work, "sae"))[0]) : "demo/layers.2";
  return { model, coder: await loadSparseCoder(place, { threads }) };
}

/** Texts of the demo world in a file, so that making them is not timed. */
async function writeTexts(path: string, count: number): Promise<void> {
  const { documents } = await demoCorpus(count);
  const file = openSync(path, "w");
  for await (const text of documents()) writeSync(file, `${JSON.stringify({ text })}\n`);
  closeSync(file);
}

async function cacheHere(work: string, tokens: number): Promise<Cached> {
  const { model, coder } = await subject(work);
  const options = { contextLength: Math.min(contextLength, model.contextLength), keepBos: true } as const;
  const corpus = join(work, "texts.jsonl");
  await writeTexts(corpus, Math.ceil(tokens / 20));
  await cacheLatents({ model, coder }, corpus, {
    ...options,
    directory: join(work, "warm"),
    maxTokens: 16_384,
    onProgress: () => {},
  });
  const start = performance.now();
  const directory = join(work, "cache");
  const cache = await cacheLatents({ model, coder }, corpus, {
    ...options,
    directory,
    precision: "f16",
    maxTokens: tokens,
    onProgress: () => {},
  });
  const seconds = (performance.now() - start) / 1000;
  const { rows } = cache.manifest;
  const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  return {
    tokens: cache.tokenCount,
    seconds,
    bytes,
    nonZeros: rows,
    rssMB: peakMegabytes(),
  };
}

function readHere(work: string): Sampled {
  const latents: number[] = JSON.parse(readFileSync(join(work, "latents.json"), "utf8"));
  const start = performance.now();
  const cache = LatentCache.open(join(work, "cache"));
  let records = 0;
  for (const index of latents) {
    try {
      sampleExamples(cache, { hookpoint: cache.hookpoint, index }, { test: 50, nonActivating: 50 });
      records++;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  return { latents: latents.length, records, seconds, rssMB: peakMegabytes() };
}

/** Random latents that fire often enough for delphi, which wants 200 windows. */
function someLatents(work: string): number[] {
  const frequent = LatentCache.open(join(work, "cache")).live({ minCount: 400 });
  const count = Math.min(Number(values.latents), frequent.length);
  return seededRandom(22)
    .sample(frequent, count)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

function ownCommand(command: "cache" | "read", work: string, ...rest: string[]): string[] {
  return [process.execPath, "--import", "tsx", import.meta.filename, command, work, ...rest];
}

/** Runs one side in a process of its own; its last line is the result. */
function run<T>([program, ...args]: string[]): T {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: here,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`"${[program, ...args].join(" ")}" failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

function cachedRow(name: string, { tokens, seconds, nonZeros, rssMB, bytes }: Cached) {
  return {
    ...{ name, tokens },
    "tokens/s": Math.round(tokens / seconds),
    "non-zeros": nonZeros,
    "peak MB": rssMB,
    "bytes per non-zero": +(bytes / nonZeros).toFixed(2),
  };
}

function row(name: string, cached: Cached, sampled: Sampled) {
  return {
    ...cachedRow(name, cached),
    latents: sampled.records,
    "sampling s": +sampled.seconds.toFixed(2),
    "sampling peak MB": sampled.rssMB,
  };
}

/** Above 1 is better for us, in each. */
function ratios(own: ReturnType<typeof row>, peer: ReturnType<typeof row>): ReturnType<typeof row> {
  const ratio = (a: number, b: number) => +(a / b).toFixed(2);
  return {
    name: "ratio",
    tokens: own.tokens / peer.tokens,
    "tokens/s": ratio(own["tokens/s"], peer["tokens/s"]),
    "non-zeros": ratio(own["non-zeros"], peer["non-zeros"]),
    "peak MB": ratio(peer["peak MB"], own["peak MB"]),
    "bytes per non-zero": ratio(peer["bytes per non-zero"], own["bytes per non-zero"]),
    latents: ratio(own.latents, peer.latents),
    "sampling s": ratio(peer["sampling s"], own["sampling s"]),
    "sampling peak MB": ratio(peer["sampling peak MB"], own["sampling peak MB"]),
  };
}

function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
