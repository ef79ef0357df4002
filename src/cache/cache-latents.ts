import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Corpus, CorpusSource } from "../corpus/corpus.js";
import { openCorpus } from "../corpus/open-corpus.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions } from "../progress.js";
import { checkFits } from "../sparse/check-fits.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { activationFiles, type Precision } from "./activation-code.js";
import { type CacheIdentity, cacheDirectory, cacheIdentity } from "./cache-identity.js";
import { lockAfterStopped } from "./cache-lock.js";
import { manifestName } from "./cache-manifest.js";
import { rememberModel } from "./cache-model.js";
import { checkStream, mostPositions } from "./context-files.js";
import type { CachePlace } from "./encode-runs.js";
import { checkSame, fillCaches } from "./fill-caches.js";
import { LatentCache } from "./latent-cache.js";
import { writing } from "./new-file.js";
import { runsDirectory } from "./run-file.js";

/** Whose latents are cached. */
export interface CacheInput {
  model: SubjectModel;
  coder: SparseCoder;
}

/** Several coders of one model, whose latents are cached in one pass of the model. */
export interface CachesInput {
  model: SubjectModel;
  coders: readonly SparseCoder[];
}

export interface CacheOptions extends LongCallOptions {
  /**
   * Default: `.cache/saelab/<name>-<hash>`; the environment's `SAELAB_CACHE` replaces `.cache/saelab`. Of several
   * coders, each gets a folder in it that is named after the coder.
   */
  directory?: string | undefined;
  /** Tokens per context, BOS included. Default: 128, or the model's longest where that is shorter. */
  contextLength?: number | undefined;
  /** Stops after so many tokens, rounded down to whole contexts. Default: the whole corpus (2^32 at most). */
  maxTokens?: number | undefined;
  /** Tokens between two safe points: a killed process loses what came after the last. Default: 65,536. */
  tokensPerRun?: number | undefined;
  /** Keeps activations on the BOS token. Default: `false`, as in the paper (1.2). */
  keepBos?: boolean | undefined;
  /**
   * `f16` stores activations in half the bytes, with 11 bits of accuracy. Default: `f32`, as the coder computed
   * them; with `f16`, strong activations may tie and windows change places.
   */
  precision?: Precision | undefined;
}

/**
 * Runs a corpus through model and coder and keeps on disk where each latent fires, grouped by latent. With several
 * coders the model runs once for all of them, and each gets a cache of its own.
 *
 * Memory stays bounded whatever the corpus. A call that was stopped, killed or ran out of disk is made again
 * with the same arguments and goes on at the last finished run; a finished cache is opened at once.
 *
 * @throws {HookpointError} If the model lacks the coder's hookpoint, or it is of another width.
 * @throws {RangeError} If the corpus does not fill one context.
 * @throws {FileError} If the directory holds another cache, is in use, or cannot be written.
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop; what is computed is kept.
 */
export async function cacheLatents(
  input: CacheInput,
  corpus: CorpusSource,
  options?: CacheOptions,
): Promise<LatentCache>;
export async function cacheLatents(
  input: CachesInput,
  corpus: CorpusSource,
  options?: CacheOptions,
): Promise<LatentCache[]>;
export async function cacheLatents(
  input: CacheInput | CachesInput,
  corpus: CorpusSource,
  options: CacheOptions = {},
): Promise<LatentCache | LatentCache[]> {
  checkInput(input);
  const { model } = input;
  const coders = "coders" in input ? input.coders : [input.coder];
  for (const coder of coders) checkFits(model, coder);
  const length = contextLength(model, options.contextLength);
  checkOptions(options, length);
  const source = await openCorpus(corpus, { signal: options.signal, onProgress: options.onProgress });
  const places = coders.map((coder) => {
    const identity = cacheIdentity(model, coder, source, {
      contextLength: length,
      maxTokens: options.maxTokens,
      keepBos: options.keepBos ?? false,
      precision: options.precision ?? "f32",
    });
    const folder = "coders" in input && options.directory ? folderName(coder) : "";
    const directory = options.directory ? join(options.directory, folder) : defaultDirectory(identity);
    return { coder, identity, directory };
  });
  checkDifferent(places);
  await fillMissing(places, { model, source, options });
  const caches = places.map(({ directory }) => rememberModel(LatentCache.open(directory), model));
  return "coders" in input ? caches : (caches[0] as LatentCache);
}

interface Work {
  model: SubjectModel;
  source: Corpus;
  options: CacheOptions;
}

async function fillMissing(places: readonly CachePlace[], { model, source, options }: Work): Promise<void> {
  const isFinished = ({ directory }: CachePlace) => existsSync(join(directory, manifestName));
  const finished = places.filter(isFinished);
  for (const { directory, identity } of finished) checkFinished(directory, identity);
  const [first] = finished;
  if (first && source.hash === undefined) {
    await checkStream(first.directory, model.tokenizer, source, first.identity);
  }
  const missing = places.filter((place) => !isFinished(place));
  if (missing.length === 0) return;
  const unlock: (() => void)[] = [];
  try {
    for (const { directory } of missing) {
      writing(directory, () => mkdirSync(runsDirectory(directory), { recursive: true }));
      unlock.push(await lockAfterStopped(directory, callSignal(options)));
    }
    await fillCaches(missing, { model, source, finished, options });
  } finally {
    for (const release of unlock) release();
  }
}

function checkFinished(directory: string, identity: CacheIdentity): void {
  checkSame(directory, LatentCache.open(directory).manifest.identity, identity);
  // A process that was killed between the manifest and here leaves its runs.
  rmSync(runsDirectory(directory), { recursive: true, force: true });
}

function folderName({ name }: SparseCoder): string {
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+/, "") || "coder";
}

function checkDifferent(places: readonly CachePlace[]): void {
  if (places.length === 0) throw new RangeError("Cannot cache the latents of no coder: give at least one");
  const seen = new Map<string, string>();
  for (const { coder, directory } of places) {
    const other = seen.get(directory);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot cache coders "${other}" and "${coder.name}" together: both would go to "${directory}"; give each of them once, or cache them one by one`,
      );
    }
    seen.set(directory, coder.name);
  }
}

function contextLength(model: SubjectModel, wanted: number | undefined): number {
  const length = wanted ?? Math.min(model.contextLength, 128);
  if (Number.isInteger(length) && length >= 2 && length <= model.contextLength) return length;
  throw new RangeError(
    `Cannot cache with a contextLength of ${length}: model "${model.name}" takes 2 to ${model.contextLength} tokens`,
  );
}

function checkInput(input: CacheInput | CachesInput): void {
  const { model, ...rest } = input ?? {};
  const coders = Object.values(rest).flat();
  if (Array.isArray(model?.hookpoints) && coders.every((coder) => typeof coder?.hookpoint === "string"))
    return;
  throw new TypeError(
    "Cannot cache latents: give { model, coder } or { model, coders }, as loadModel and loadSparseCoder return them",
  );
}

function checkOptions(
  { maxTokens, tokensPerRun = 1, precision = "f32" }: CacheOptions,
  contextLength: number,
): void {
  if (!Object.hasOwn(activationFiles, precision)) {
    const known = Object.keys(activationFiles).map((name) => `"${name}"`);
    throw new RangeError(`Cannot cache with precision "${precision}": give ${known.join(" or ")}`);
  }
  if (maxTokens !== undefined && !(maxTokens >= contextLength && maxTokens <= mostPositions)) {
    throw new RangeError(
      `Cannot cache ${maxTokens} tokens: maxTokens must be from ${contextLength} (one context) to ${mostPositions}`,
    );
  }
  if (!(tokensPerRun >= 1)) {
    throw new RangeError(`Cannot cache with tokensPerRun ${tokensPerRun}: give a number from 1`);
  }
}

function defaultDirectory(identity: CacheIdentity): string {
  if (identity.corpus.hash === null) {
    throw new RangeError(
      "Cannot name a cache for a stream of documents, which has no hash before it is read: give options.directory",
    );
  }
  return cacheDirectory(identity);
}
