import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import type { FileRecord } from "./array-file.js";
import type { CacheIdentity } from "./cache-identity.js";

/** `manifest.json`: written last, so where it is, the cache is complete. */
export interface CacheManifest {
  readonly format: "saelab-cache";
  readonly version: 1;
  /** SHA-256 (hex) of the identity: equal hashes, equal content. */
  readonly hash: string;
  readonly identity: CacheIdentity;
  readonly contexts: number;
  readonly documents: number;
  /** Stored activations. */
  readonly rows: number;
  /** Name of the file of tokens: `tokens.u16` or `tokens.u32`. */
  readonly tokensFile: string;
  /** Size and SHA-256 of every other file. */
  readonly files: Readonly<Record<string, FileRecord>>;
}

export const manifestName = "manifest.json";

/** Where the identity of a cache stands while it is being filled. */
export const planName = "plan.json";

/**
 * Reads the manifest of a finished cache and checks that every file has its size.
 *
 * @throws {FileError} If there is no finished cache, or it is damaged.
 */
export function readManifest(directory: string): CacheManifest {
  const path = join(directory, manifestName);
  if (!existsSync(path)) throw new FileError(missing(directory), path);
  const manifest = parseManifest(path);
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const file = join(directory, name);
    const found = statSync(file, { throwIfNoEntry: false })?.size;
    if (found === bytes) continue;
    throw new FileError(
      `Cannot open cache "${directory}": its file "${name}" ${found === undefined ? "is missing" : `has ${found} bytes`}, and ${bytes} bytes are wanted; delete the folder and cache again`,
      file,
    );
  }
  return manifest;
}

function missing(directory: string): string {
  if (existsSync(join(directory, planName))) {
    return `Cannot open cache "${directory}": it is not finished; call cacheLatents with the same arguments to go on`;
  }
  return `Cannot open cache "${directory}": there is no ${manifestName} in it; give a folder that cacheLatents made`;
}

function parseManifest(path: string): CacheManifest {
  let manifest: Partial<CacheManifest>;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new FileError(`Cannot read "${path}": it is not JSON; delete its folder and cache again`, path, {
      cause,
    });
  }
  if (
    manifest?.format !== "saelab-cache" ||
    manifest.version !== 1 ||
    !manifest.files ||
    !manifest.identity
  ) {
    throw new FileError(
      `Cannot read "${path}": it says format "${manifest?.format}", version ${manifest?.version}; "saelab-cache", version 1, is wanted`,
      path,
    );
  }
  return manifest as CacheManifest;
}
