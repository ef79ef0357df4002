/** Caches of latents that nobody trained: beside the cache of a run, on its first tokens, made once and found again. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheBeginning } from "../cache/cache-beginning.js";
import { lockAfterStopped } from "../cache/cache-lock.js";
import { manifestName } from "../cache/cache-manifest.js";
import { LatentCache } from "../cache/latent-cache.js";
import { HookpointError } from "../errors.js";
import { loadModel } from "../model/load-model.js";
import type { Provider } from "../model/onnx/provider.js";
import type { SubjectModel } from "../model/subject-model.js";
import { writeRandomModel } from "../model/write-random-model.js";
import type { LongCallOptions } from "../progress.js";
import { randomCoder } from "../sparse/baseline-coders.js";
import { neuronCoder } from "../sparse/neuron-coder.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import type { NullRunKind } from "./null-run.js";

export interface NullRunCacheOptions extends LongCallOptions {
  /** Of the run's model, which is opened when it is first needed. */
  modelHash: string;
  openModel: () => Promise<SubjectModel>;
  hookpoint: string;
  seed: number | string;
  /** Random models whose weights take more bytes are not made. */
  maxModelBytes: number;
}

export interface NullRunCache {
  readonly cache: LatentCache;
  /** What the latents are, in a few words. */
  readonly madeOf: string;
}

/** Tokens at most: what a model of 100 million weights does in a few minutes. */
const mostTokens = 1 << 17;
/** How often a random direction is to fire: enough for the paper's 140 windows, where latents follow tokens. */
const firings = 500;
/** Numbers of a random coder at most: 128 MiB. */
const mostWeights = 1 << 25;

/**
 * Opens a null run's cache, or makes it.
 *
 * @throws {HookpointError} If the model lacks the hookpoint, or neurons there.
 * @throws {FileError} If the model's weights cannot be drawn anew, or the cache cannot be written.
 */
export async function nullRunCache(
  cache: LatentCache,
  kind: NullRunKind,
  options: NullRunCacheOptions,
): Promise<NullRunCache> {
  const shape = shapeOf(cache);
  const { modelHash, openModel, hookpoint, seed } = options;
  const parts = JSON.stringify([cache.hash, modelHash, kind, hookpoint, seed, shape]);
  const hash = createHash("sha256").update(parts).digest("hex");
  const place = join(cache.directory, "nulls");
  const directory = join(place, `${kind.replace(" ", "-")}-${hash.slice(0, 8)}`);
  const made = existsSync(join(directory, manifestName))
    ? LatentCache.open(directory)
    : await fill(cache, kind, { ...options, ...shape, directory, place, model: await openModel() });
  return { cache: made, madeOf: description(made, kind, shape) };
}

interface Shape {
  /** Latents at a position: as many as of the run's coder, on average. */
  readonly k: number;
  readonly contexts: number;
}

function shapeOf(cache: LatentCache): Shape {
  return {
    k: Math.max(1, Math.round(cache.manifest.rows / cache.positionCount)),
    contexts: Math.max(1, Math.min(cache.contextCount, Math.floor(mostTokens / cache.contextLength))),
  };
}

interface FillOptions extends NullRunCacheOptions, Shape {
  readonly model: SubjectModel;
  readonly directory: string;
  readonly place: string;
}

async function fill(cache: LatentCache, kind: NullRunKind, options: FillOptions): Promise<LatentCache> {
  const { model } = options;
  if (kind !== "random model") {
    const coder = kind === "neurons" ? neurons(model, options) : directions(cache, model, options);
    return await cacheWith(cache, model, { ...options, coder });
  }
  return await withRandomModel(model, options, (random) =>
    cacheWith(cache, random, { ...options, coder: directions(cache, random, options) }),
  );
}

async function cacheWith(
  cache: LatentCache,
  model: SubjectModel,
  { coder, directory, contexts, signal, onProgress }: FillOptions & { coder: SparseCoder },
): Promise<LatentCache> {
  try {
    return await cacheBeginning(cache, { model, coder }, { directory, contexts, signal, onProgress });
  } finally {
    await coder.close();
  }
}

/** Lends a model with weights drawn anew. Its files, as large as the model, go at the end; a killed process leaves them to the next. */
async function withRandomModel<T>(
  { name, folder, provider }: SubjectModel,
  { place, seed, maxModelBytes: maxBytes, signal, onProgress }: FillOptions,
  work: (random: SubjectModel) => Promise<T>,
): Promise<T> {
  if (folder === undefined) throw new RangeError(`the model "${name}" is not from files`);
  await mkdir(place, { recursive: true });
  const unlock = await lockAfterStopped(place, signal);
  const written = join(place, "model");
  try {
    await writeRandomModel(folder, written, { seed, maxBytes, signal, onProgress });
    const random = await loadModel(written, { provider: provider as Provider | undefined });
    try {
      return await work(random);
    } finally {
      await random.close();
    }
  } finally {
    await rm(written, { recursive: true, force: true });
    unlock();
  }
}

function directions(
  cache: LatentCache,
  model: SubjectModel,
  { hookpoint, k, contexts, seed }: FillOptions,
): SparseCoder {
  const width = model.hookpoints.find(({ name }) => name === hookpoint)?.width ?? 1;
  const wanted = Math.round((k * contexts * cache.contextLength) / firings);
  const dSae = Math.max(2 * k, Math.min(wanted, Math.floor(mostWeights / width)));
  return randomCoder(model, hookpoint, { dSae, k, seed });
}

/** The neurons of the hookpoint's block. */
function neurons(model: SubjectModel, { hookpoint, k }: FillOptions): SparseCoder {
  const name = `${/^layers\.\d+/.exec(hookpoint)?.[0]}.mlp.neurons`;
  const found = model.hookpoints.find((one) => one.name === name);
  if (found) return neuronCoder(model, name, { k: Math.min(k, found.width) });
  throw new HookpointError(
    `the model "${model.name}" has no neurons at "${hookpoint}"`,
    model.hookpoints.map((one) => one.name),
  );
}

function description(made: LatentCache, kind: NullRunKind, { k }: Shape): string {
  const count = (n: number) => n.toLocaleString("en-US");
  const what = kind === "neurons" ? `${count(made.dSae)} neurons` : `${count(made.dSae)} random directions`;
  return `${what} of ${made.hookpoint}, ${k} at a position, on ${count(made.tokenCount)} tokens`;
}
