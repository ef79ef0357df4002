import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { type CacheIdentity, cacheVersion, identityHash } from "./cache-identity.js";
import { type CacheManifest, manifestName, planName, readManifest, readPlan } from "./cache-manifest.js";
import { readContextFiles } from "./context-files.js";
import type { ContextFiles } from "./context-writer.js";
import { GroupedReader } from "./grouped-reader.js";
import type { LatentRows } from "./latent-rows.js";
import { OpenFiles } from "./open-files.js";
import { findRuns } from "./run-file.js";
import { RunsReader } from "./runs-reader.js";

/** What `LatentCache` is made of. */
export interface OpenedCache {
  readonly manifest: CacheManifest;
  readonly files: OpenFiles;
  readonly rows: LatentRows;
  /** Contexts that the cache will have when it is finished. */
  readonly plannedContextCount: number;
}

/**
 * Opens the files of a finished cache, or, where `unfinished` is asked for, of one that is being filled.
 *
 * @throws {FileError} If there is none, or it is damaged.
 */
export function openCache(directory: string, unfinished: boolean): OpenedCache {
  const isFinished = () => existsSync(join(directory, manifestName));
  if (!unfinished || isFinished()) return openFinished(directory);
  try {
    return openUnfinished(directory);
  } catch (error) {
    // It may have been finished while it was opened.
    if (isFinished()) return openFinished(directory);
    throw error;
  }
}

function openFinished(directory: string): OpenedCache {
  const manifest = readManifest(directory);
  const files = new OpenFiles(directory);
  const rows = new GroupedReader(files, manifest);
  return { manifest, files, rows, plannedContextCount: manifest.contexts };
}

/** What is in finished runs: they appear whole and in order, so nothing is seen that another process is writing. */
function openUnfinished(directory: string): OpenedCache {
  const plan = join(directory, planName);
  if (!existsSync(plan)) throw notBegun(directory);
  const identity = readPlan(plan);
  const { contextLength, coder } = identity;
  const contexts = readContextFiles(directory, contextLength);
  const runs = findRuns(directory, coder.dSae);
  const end = runs.at(-1)?.end;
  if (contexts === undefined || end === undefined) throw notBegun(directory);
  const files = new OpenFiles(directory);
  const rows = new RunsReader(runs, { dSae: coder.dSae, contextLength });
  const documents = files.whole("documents.u32", Uint32Array).filter((start) => start < end * contextLength);
  const manifest = partialManifest(identity, contexts, {
    contexts: end,
    documents: documents.length,
    rows: rows.rows,
  });
  return { manifest, files, rows, plannedContextCount: contexts.contexts };
}

function partialManifest(
  identity: CacheIdentity,
  { tokensFile, files }: ContextFiles,
  counts: Pick<CacheManifest, "contexts" | "documents" | "rows">,
): CacheManifest {
  const hash = createHash("sha256").update(`${identityHash(identity)} up to context ${counts.contexts}`);
  return {
    ...{ format: "saelab-cache", version: cacheVersion, hash: hash.digest("hex") },
    ...{ identity, tokensFile, files, clamped: 0 },
    ...counts,
  };
}

function notBegun(directory: string): FileError {
  return new FileError(
    `Cannot open the unfinished cache "${directory}": it has no finished run yet; give the folder of a call to cacheLatents that runs or was stopped, and wait for its first run`,
    directory,
  );
}
