import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Corpus, CorpusSource } from "../corpus/corpus.js";
import { openCorpus } from "../corpus/open-corpus.js";
import { FileError, HookpointError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { writeJsonFile, writing } from "./array-file.js";
import {
  type CacheIdentity,
  cacheIdentity,
  cacheName,
  identityDifference,
  identityHash,
} from "./cache-identity.js";
import { lockDirectory } from "./cache-lock.js";
import { type CacheManifest, manifestName, planName } from "./cache-manifest.js";
import { checkStream, mostPositions, readContextFiles, writeContextFiles } from "./context-files.js";
import { encodeRuns } from "./encode-runs.js";
import { LatentCache } from "./latent-cache.js";
import { mergeRuns } from "./merge-runs.js";
import { findRuns, runsDirectory } from "./run-file.js";
import { stopIfAborted } from "./stop.js";

/** Whose latents are cached. */
export interface CacheInput {
  model: SubjectModel;
  coder: SparseCoder;
}

export interface CacheOptions extends LongCallOptions {
  /** Default: `.cache/saelab/<name>-<hash>`; the environment's `SAELAB_CACHE` replaces `.cache/saelab`. */
  directory?: string | undefined;
  /** Tokens per context, BOS included. Default: 128, or the model's longest where that is shorter. */
  contextLength?: number | undefined;
  /** Stops after so many tokens, rounded down to whole contexts. Default: the whole corpus (2^32 at most). */
  maxTokens?: number | undefined;
  /** Tokens between two safe points: a killed process loses what came after the last. Default: 65,536. */
  tokensPerRun?: number | undefined;
  /** Keeps activations on the BOS token. Default: `false`, as in the paper (1.2). */
  keepBos?: boolean | undefined;
}

/**
 * Runs a corpus through model and coder and keeps on disk where each latent fires, grouped by latent.
 *
 * Memory stays bounded whatever the corpus. A call that was stopped, killed or ran out of disk is made again
 * with the same arguments and goes on at the last finished run; a finished cache is opened at once.
 *
 * @throws {HookpointError} If the model lacks the coder's hookpoint.
 * @throws {RangeError} If the coder's `dModel` does not fit, or the corpus does not fill one context.
 * @throws {FileError} If the directory holds another cache, is in use, or cannot be written.
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop; what is computed is kept.
 */
export async function cacheLatents(
  { model, coder }: CacheInput,
  corpus: CorpusSource,
  options: CacheOptions = {},
): Promise<LatentCache> {
  checkFit(model, coder);
  const length = contextLength(model, options.contextLength);
  checkCounts(options, length);
  const source = await openCorpus(corpus);
  const identity = cacheIdentity(model, coder, source, {
    contextLength: length,
    maxTokens: options.maxTokens,
    keepBos: options.keepBos ?? false,
  });
  const directory = options.directory ?? defaultDirectory(identity);
  if (existsSync(join(directory, manifestName))) return openFinished(directory, identity, { model, source });
  writing(directory, () => mkdirSync(runsDirectory(directory), { recursive: true }));
  const unlock = lockDirectory(directory);
  try {
    prepare(directory, identity);
    await fill(directory, identity, { model, coder, source, options });
  } finally {
    unlock();
  }
  return LatentCache.open(directory);
}

function checkFit(model: SubjectModel, coder: SparseCoder): void {
  const hookpoint = model.hookpoints.find(({ name }) => name === coder.hookpoint);
  if (hookpoint === undefined) {
    const names = model.hookpoints.map(({ name }) => name);
    throw new HookpointError(
      `Cannot cache coder "${coder.name}" on model "${model.name}": it reads "${coder.hookpoint}", and the model has ${names.join(", ")}; choose a coder for one of these`,
      names,
    );
  }
  if (hookpoint.width !== coder.dModel) {
    throw new RangeError(
      `Cannot cache coder "${coder.name}" on model "${model.name}": it takes ${coder.dModel} numbers per token, and "${coder.hookpoint}" has ${hookpoint.width}; choose a coder made for this model`,
    );
  }
}

function contextLength(model: SubjectModel, wanted: number | undefined): number {
  const length = wanted ?? Math.min(model.contextLength, 128);
  if (Number.isInteger(length) && length >= 2 && length <= model.contextLength) return length;
  throw new RangeError(
    `Cannot cache with a contextLength of ${length}: model "${model.name}" takes 2 to ${model.contextLength} tokens`,
  );
}

function checkCounts({ maxTokens, tokensPerRun = 1 }: CacheOptions, contextLength: number): void {
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
  return join(process.env.SAELAB_CACHE ?? join(".cache", "saelab"), cacheName(identity));
}

async function openFinished(
  directory: string,
  identity: CacheIdentity,
  { model, source }: Pick<Work, "model" | "source">,
): Promise<LatentCache> {
  const cache = LatentCache.open(directory);
  checkSame(directory, cache.manifest.identity, identity);
  if (source.hash === undefined) await checkStream(directory, model.tokenizer, source, identity);
  // A process that was killed between the manifest and here leaves its runs.
  rmSync(runsDirectory(directory), { recursive: true, force: true });
  return cache;
}

function checkSame(directory: string, found: CacheIdentity, wanted: CacheIdentity): void {
  if (identityHash(found) === identityHash(wanted)) return;
  throw new FileError(
    `Cannot cache into "${directory}": it holds a cache of "${found.coder.name}" on "${found.corpus.name}" that differs in ${identityDifference(found, wanted)}; choose another directory or delete it`,
    directory,
  );
}

/** Writes down what the directory is for, or checks that; throws away files that were cut off. */
function prepare(directory: string, identity: CacheIdentity): void {
  const plan = join(directory, planName);
  const begun = readContextFiles(directory) !== undefined;
  if (begun) checkSame(directory, JSON.parse(readFileSync(plan, "utf8")), identity);
  for (const folder of [directory, runsDirectory(directory)]) {
    for (const name of readdirSync(folder)) if (name.endsWith(".tmp")) rmSync(join(folder, name));
  }
  if (!begun) writeJsonFile(plan, identity);
}

interface Work extends CacheInput {
  source: Corpus;
  options: CacheOptions;
}

async function fill(
  directory: string,
  identity: CacheIdentity,
  { model, coder, source, options }: Work,
): Promise<void> {
  const { contextLength } = identity;
  const contexts =
    readContextFiles(directory) ??
    (await writeContextFiles(directory, model.tokenizer, source, {
      ...options,
      contextLength,
      maxTokens: options.maxTokens,
    }));
  await encodeRuns(directory, contexts, { model, coder, identity, options });
  const runs = findRuns(directory, coder.dSae);
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  stopIfAborted(callSignal(options), "all activations are computed");
  const meter = progressMeter("group by latent", "activations", rows, options.onProgress);
  const files = await mergeRuns(directory, runs, { dSae: coder.dSae, contextLength, onRows: meter.report });
  meter.end(rows);
  const manifest: CacheManifest = {
    format: "saelab-cache",
    version: 1,
    hash: identityHash(identity),
    identity,
    contexts: contexts.contexts,
    documents: contexts.documents,
    rows,
    tokensFile: contexts.tokensFile,
    files: { ...contexts.files, ...files },
  };
  writeJsonFile(join(directory, manifestName), manifest);
  rmSync(runsDirectory(directory), { recursive: true, force: true });
  rmSync(join(directory, planName), { force: true });
  rmSync(join(directory, "contexts.json"), { force: true });
}
