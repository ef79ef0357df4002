/**
 * How fast activations go to disk grouped by latent, and how fast one latent comes back.
 * `npx tsx bench/cache.ts [millions of activations]`, 20 by default. Prints a table, then one line of JSON.
 *
 * The subject is `cacheLatents` with a model that costs nothing: 32,768 latents, 50 active per token. Beside it, in the same
 * run, the plain way: put each batch into a dense [token, latent] array, collect what is not 0 in lists, and read
 * a latent by going through all of them.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheLatents } from "../src/cache/cache-latents.js";
import type { SubjectModel } from "../src/model/subject-model.js";
import { seededRandom } from "../src/random.js";
import type { SparseActivations } from "../src/sparse/sparse-activations.js";
import type { SparseCoder } from "../src/sparse/sparse-coder.js";
import { quantile } from "../src/stats/quantile.js";
import { tensor } from "../src/tensor.js";

const dSae = 32_768;
const active = 50;
const batchTokens = 1024;
const millions = Number(process.argv[2] ?? 20);
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
  decode: () => tensor(new Float32Array(0), [0]),
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
  read: number[];
}

async function measureCache(directory: string, precision: "f32" | "f16"): Promise<Result> {
  const seconds = new Map<string, [from: number, to: number]>();
  const cpu = process.cpuUsage();
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
  const took = (stage: string, before: string) =>
    (seconds.get(stage)?.[1] ?? 0) - (seconds.get(before)?.[1] ?? 0);
  const bytes = ["positions.varint", `activations.${precision}`, "offsets.f64", "starts.f64"].map(
    (name) => statSync(join(directory, name)).size,
  );
  return {
    rows: cache.manifest.rows,
    ingestSeconds: took("cache bench", "read texts"),
    mergeSeconds: took("group by latent", "cache bench"),
    cpuSeconds,
    bytesPerRow: bytes.reduce((a, b) => a + b) / cache.manifest.rows,
    read: readTimes((latent) => cache.read(latent).positions.length),
  };
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

/** The plain way, on a tenth of the tokens. */
function measurePlain(): Result {
  const [latents, positions, activations]: [number[], number[], number[]] = [[], [], []];
  const dense = new Float32Array(batchTokens * dSae);
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let batch = 0; batch < tokens / batchTokens / 10; batch++) {
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

/** Share of all cores that was idle between two looks: the load of others on the machine. */
function idleSince(before: ReturnType<typeof cpus>): number {
  let [idle, all] = [0, 0];
  cpus().forEach(({ times }, i) => {
    for (const [name, value] of Object.entries(times)) {
      const spent = value - (before[i]?.times[name as keyof typeof times] ?? 0);
      all += spent;
      if (name === "idle") idle += spent;
    }
  });
  return idle / all;
}

const directory = mkdtempSync(join(tmpdir(), "saelab-bench-"));
try {
  const before = cpus();
  const cache = await measureCache(join(directory, "f32"), "f32");
  const idle = idleSince(before);
  const halves = await measureCache(join(directory, "f16"), "f16");
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  const plain = measurePlain();
  const line = (
    name: string,
    { rows, ingestSeconds, mergeSeconds, cpuSeconds, bytesPerRow, read }: Result,
  ) => ({
    name,
    millions: +(rows / 1e6).toFixed(1),
    "ingest M/s": +(rows / 1e6 / ingestSeconds).toFixed(2),
    "merge M/s": mergeSeconds ? +(rows / 1e6 / mergeSeconds).toFixed(2) : undefined,
    "M/CPU s": +(rows / 1e6 / cpuSeconds).toFixed(2),
    "bytes/row": +bytesPerRow.toFixed(2),
    "read p50 ms": +quantile(read, 0.5).toFixed(3),
    "read p99 ms": +quantile(read, 0.99).toFixed(3),
  });
  const lines = [
    line("cacheLatents", cache),
    line("cacheLatents, f16", halves),
    line("dense and scan, in memory", plain),
  ];
  console.table(lines);
  console.log(`files: ${readdirSync(join(directory, "f32")).join(", ")}`);
  console.log(
    JSON.stringify({
      bench: "cache",
      dSae,
      active,
      peakMegabytes: Math.round(peakMegabytes),
      idle: +idle.toFixed(2),
      lines,
    }),
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
