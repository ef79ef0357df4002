import { existsSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Corpus } from "../corpus/corpus.js";
import { FileError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { writeJsonFile } from "./array-file.js";
import { type CacheIdentity, identityDifference, identityHash } from "./cache-identity.js";
import { planName, readManifest, readPlan, tablesName, writeManifest } from "./cache-manifest.js";
import {
  contextFilesOf,
  contextsName,
  readContextFiles,
  shareContextFiles,
  writeContextFiles,
} from "./context-files.js";
import type { ContextFiles } from "./context-writer.js";
import { type CachePlace, encodeRuns } from "./encode-runs.js";
import { mergeRuns } from "./merge-runs.js";
import { findRuns, runsDirectory } from "./run-file.js";
import { stopIfAborted } from "./stop.js";

export interface FillInput {
  model: SubjectModel;
  source: Corpus;
  /** Finished caches of the same corpus, whose tokens can be shared. */
  finished: readonly CachePlace[];
  options: LongCallOptions & { maxTokens?: number | undefined; tokensPerRun?: number | undefined };
}

/** Fills the caches of one or more coders on the same corpus. Their directories exist and are locked. */
export async function fillCaches(places: readonly CachePlace[], input: FillInput): Promise<void> {
  for (const place of places) await prepare(place);
  const contexts = await provideContexts(places, input);
  await encodeRuns(contexts, { ...input, places });
  for (const place of places) await finish(place, contexts, input.options);
}

/** @throws {FileError} If the cache in a directory is of something else. */
export function checkSame(directory: string, found: CacheIdentity, wanted: CacheIdentity): void {
  if (identityHash(found) === identityHash(wanted)) return;
  throw new FileError(
    `Cannot cache into "${directory}": it holds a cache of "${found.coder.name}" on "${found.corpus.name}" that differs in ${identityDifference(found, wanted)}; choose another directory or delete it`,
    directory,
  );
}

/** Writes down what the directory is for, or checks that; throws away files that were cut off. */
async function prepare({ directory, identity }: CachePlace): Promise<void> {
  const plan = join(directory, planName);
  const begun = existsSync(join(directory, contextsName));
  if (begun) checkSame(directory, readPlan(plan), identity);
  for (const folder of [directory, runsDirectory(directory)]) {
    for (const name of readdirSync(folder)) if (name.endsWith(".tmp")) rmSync(join(folder, name));
  }
  if (!begun) await writeJsonFile(plan, identity);
}

/** The corpus as contexts in every directory: written once, and shared. */
async function provideContexts(
  places: readonly CachePlace[],
  { model, source, finished, options }: FillInput,
): Promise<ContextFiles> {
  const [first] = places as [CachePlace];
  const begun = places.find(({ directory }) => existsSync(join(directory, contextsName)));
  const home = begun ?? finished[0] ?? first;
  const { contextLength } = first.identity;
  const contexts = begun
    ? (readContextFiles(begun.directory, contextLength) as ContextFiles)
    : finished[0]
      ? contextFilesOf(readManifest(finished[0].directory))
      : await writeContextFiles(first.directory, model.tokenizer, source, {
          ...options,
          contextLength,
          maxTokens: options.maxTokens,
        });
  for (const { directory } of places) {
    const own = readContextFiles(directory, contextLength);
    if (own === undefined) await shareContextFiles(home.directory, contexts, directory);
    else checkShared(directory, own, contexts);
  }
  return contexts;
}

/** Two streams have no hash to tell them apart, but different tokens. */
function checkShared(directory: string, own: ContextFiles, shared: ContextFiles): void {
  if (own.files[own.tokensFile]?.sha256 === shared.files[shared.tokensFile]?.sha256) return;
  throw new FileError(
    `Cannot cache into "${directory}": it holds other tokens than the caches that are filled with it; choose another directory or delete it`,
    directory,
  );
}

async function finish(
  { coder, directory, identity }: CachePlace,
  contexts: ContextFiles,
  options: LongCallOptions,
): Promise<void> {
  const { contextLength, precision } = identity;
  const runs = findRuns(directory, coder.dSae);
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  stopIfAborted(callSignal(options), "all activations are computed");
  const meter = progressMeter("group by latent", "activations", rows, options.onProgress);
  const grouped = await mergeRuns(directory, runs, {
    dSae: coder.dSae,
    contextLength,
    precision,
    onRows: meter.report,
  });
  meter.end(rows);
  await writeManifest(directory, identity, contexts, grouped);
  // Of the unfinished cache.
  for (const path of [
    runsDirectory(directory),
    ...[tablesName, planName, contextsName].map((name) => join(directory, name)),
  ]) {
    await rm(path, { recursive: true, force: true });
  }
}
