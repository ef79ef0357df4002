/**
 * How fast activations go to disk grouped by latent, and how fast one latent comes back.
 * `npx tsx bench/cache.ts [millions of activations] [--only f16]`, 20 by default. Prints a table, then one line of JSON.
 *
 * The subject is `cacheLatents` with a model that costs nothing: 32,768 latents, 50 active per token. Beside it, in the same
 * run, the plain way: put each batch into a dense [token, latent] array, collect what is not 0 in lists, and read
 * a latent by going through all of them; a tenth as many tokens, and no more than 2 million activations.
 *
 * *cold* is the time to read 1,000 random latents after the system was told to forget its file cache, where it lets us (root
 * on Linux); *warm* the same once more.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheLatents } from "../src/cache/cache-latents.js";
import type { SubjectModel } from "../src/model/subject-model.js";
import { seededRandom } from "../src/random.js";
import type { SparseActivations } from "../src/sparse/sparse-activations.js";
import type { SparseCoder } from "../src/sparse/sparse-coder.js";
import { quantile } from "../src/stats/quantile.js";
import { tensor } from "../src/tensor.js";
import { idleSince } from "./idle-since.js";
import { longestTurn, type Turns } from "./longest-turn.js";

const dSae = 32_768;
const active = 50;
const batchTokens = 1024;
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" } },
});
const millions = Number(positionals[0] ?? 20);
const tokens = Math.round((millions * 1e6) / active / batchTokens) * batchTokens;

const random = seededRandom("bench/cache");
const batches = Array.from({ length: 8 }, () => randomBatch());

/** Latents of a token, ascending and different; frequent ones have low indices. */
function randomBatch(): SparseActivations {
  const rows = batchTokens * active;
  const batch = {
    positions: new Uint32Array(rows),
    latents: new Uint32Array(rows),
    values: new Float32Array(rows),
  };
  for (let token = 0; token < batchTokens; token++) {
    const chosen = new Set<number>();
    while (chosen.size < active) chosen.add(Math.floor(dSae * random.random() ** 2));
    const latents = Uint32Array.from(chosen).sort();
    batch.latents.set(latents, token * active);
    batch.positions.fill(token, token * active, (token + 1) * active);
    for (let i = 0; i < active; i++) batch.values[token * active + i] = 0.1 + random.random();
  }
  return { shape: [batchTokens, dSae], ...batch };
}

const model: SubjectModel = {
  name: "nothing",
  hash: "nothing",
  tokenizer: {
    vocabSize: 50_000,
    bosId: undefined,
    hash: "nothing",
    encode: (text) => new Int32Array(Number(text)),
    decode: () => "",
    pieces: (ids) => new Array<string>(ids.length).fill(""),
  },
  hookpoints: [{ name: "layers.0", alias: undefined, width: 1 }],
  dModel: 1,
  contextLength: 128,
  activations: async (ids) =>
    new Map([["layers.0", tensor(new Float32Array(ids.data.length), [...ids.shape, 1])]]),
  logits: async () => tensor(new Float32Array(0), [0]),
  close: async () => {},
};

let next = 0;
const coder: SparseCoder = {
  name: "bench",
  kind: "bench",
  hash: "bench",
  hookpoint: "layers.0",
  hookpointOut: "layers.0",
  dModel: 1,
  dSae,
  encode: async () => batches[next++ % batches.length] as SparseActivations,
  decode: async () => tensor(new Float32Array(0), [0]),
  decoderRow: () => new Float32Array(1),
  close: async () => {},
};

interface Result {
  rows: number;
  ingestSeconds: number;
  mergeSeconds: number;
  /** Of all cores, for ingest and merge together: what other work on the machine disturbs least. */
  cpuSeconds: number;
  bytesPerRow: number;
  /** Milliseconds for each of 1,000 random latents. */
  read: number[];
  /** Seconds for all of them with nothing in the system's file cache; `undefined` where that cannot be emptied. */
  coldSeconds?: number | undefined;
  /** Of the process, in MB, when the cache was written. */
  peakMegabytes?: number;
  /** The longest that the event loop was held while it was written. */
  turns?: Turns;
}

async function measureCache(directory: string, precision: "f32" | "f16"): Promise<Result> {
  const seconds = new Map<string, [from: number, to: number]>();
  const cpu = process.cpuUsage();
  const turns = longestTurn();
  const texts = Array.from({ length: tokens / batchTokens }, () => String(batchTokens));
  const cache = await cacheLatents({ model, coder }, texts, {
    directory,
    precision,
    onProgress: ({ stage }) => {
      const now = performance.now() / 1000;
      seconds.set(stage, [seconds.get(stage)?.[0] ?? now, now]);
    },
  });
  const cpuSeconds = cpuSecondsSince(cpu);
  const longest = turns();
  const took = (stage: string, before: string) =>
    (seconds.get(stage)?.[1] ?? 0) - (seconds.get(before)?.[1] ?? 0);
  const bytes = ["positions.varint", `activations.${precision}`, "offsets.f64", "starts.f64"].map(
    (name) => statSync(join(directory, name)).size,
  );
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  const read = () => readTimes((latent) => cache.read(latent).positions.length);
  const cold = forgetFiles() ? read() : undefined;
  return {
    rows: cache.manifest.rows,
    peakMegabytes,
    turns: longest,
    coldSeconds: cold && cold.reduce((a, b) => a + b) / 1000,
    ingestSeconds: took("cache bench", "read texts"),
    mergeSeconds: took("group by latent", "cache bench"),
    cpuSeconds,
    bytesPerRow: bytes.reduce((a, b) => a + b) / cache.manifest.rows,
    read: read(),
  };
}

/** Empties the system's file cache; `false` where we may not. */
function forgetFiles(): boolean {
  try {
    execFileSync("sync");
    writeFileSync("/proc/sys/vm/drop_caches", "1");
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds for each of 1,000 random latents. */
function readTimes(read: (latent: number) => number, times = 1000): number[] {
  const draw = seededRandom("bench/read");
  return Array.from({ length: times }, () => {
    const latent = draw.integer(dSae);
    const start = performance.now();
    read(latent);
    return performance.now() - start;
  });
}

/** The plain way. */
function measurePlain(): Result {
  const [latents, positions, activations]: [number[], number[], number[]] = [[], [], []];
  const dense = new Float32Array(batchTokens * dSae);
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let batch = 0; batch < Math.min(tokens / 10, 2e6 / active) / batchTokens; batch++) {
    const rows = batches[batch % batches.length] as SparseActivations;
    dense.fill(0);
    rows.values.forEach((value, i) => {
      dense[(rows.positions[i] as number) * dSae + (rows.latents[i] as number)] = value;
    });
    for (let i = 0; i < dense.length; i++) {
      const value = dense[i] as number;
      if (value === 0) continue;
      latents.push(i % dSae);
      positions.push(batch * batchTokens + Math.floor(i / dSae));
      activations.push(value);
    }
  }
  const ingestSeconds = (performance.now() - start) / 1000;
  const cpuSeconds = cpuSecondsSince(cpu);
  const read = (latent: number) => {
    const found: [number, number][] = [];
    for (let i = 0; i < latents.length; i++) {
      if (latents[i] === latent) found.push([positions[i] as number, activations[i] as number]);
    }
    return found.length;
  };
  return {
    rows: latents.length,
    ingestSeconds,
    mergeSeconds: 0,
    cpuSeconds,
    bytesPerRow: 24,
    read: readTimes(read, 50),
  };
}

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const directory = mkdtempSync(join(tmpdir(), "saelab-bench-"));
try {
  const before = cpus();
  const results: [string, Result][] = [];
  for (const precision of ["f32", "f16"] as const) {
    if (options.only && options.only !== precision) continue;
    results.push([`cacheLatents, ${precision}`, await measureCache(join(directory, precision), precision)]);
  }
  const idle = idleSince(before);
  results.push(["dense and scan, in memory", measurePlain()]);
  const line = (
    name: string,
    { rows, ingestSeconds, mergeSeconds, cpuSeconds, bytesPerRow, read, ...more }: Result,
  ) => ({
    name,
    millions: +(rows / 1e6).toFixed(1),
    "ingest M/s": +(rows / 1e6 / ingestSeconds).toFixed(2),
    "merge M/s": mergeSeconds ? +(rows / 1e6 / mergeSeconds).toFixed(2) : undefined,
    "M/CPU s": +(rows / 1e6 / cpuSeconds).toFixed(2),
    "bytes/row": +bytesPerRow.toFixed(2),
    "read p50 ms": +quantile(read, 0.5).toFixed(3),
    "read p99 ms": +quantile(read, 0.99).toFixed(3),
    "1,000 cold s": more.coldSeconds && +more.coldSeconds.toFixed(2),
    "1,000 warm s": read.length < 1000 ? undefined : +(read.reduce((a, b) => a + b) / 1000).toFixed(2),
    "peak MB": more.peakMegabytes,
    "longest turn ms": more.turns && Math.round(more.turns.clock),
    "by CPU": more.turns?.cpu && Math.round(more.turns.cpu),
  });
  const lines = results.map(([name, result]) => line(name, result));
  console.table(lines);
  console.log(JSON.stringify({ bench: "cache", dSae, active, idle: +idle.toFixed(2), lines }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
