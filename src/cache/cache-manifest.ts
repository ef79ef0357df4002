import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { activationFiles } from "./activation-code.js";
import { type FileRecord, readJson, writeJsonFile } from "./array-file.js";
import { type CacheIdentity, cacheVersion, identityHash } from "./cache-identity.js";

/** `manifest.json`: written last, so where it is, the cache is complete. */
export interface CacheManifest {
  readonly format: "saelab-cache";
  readonly version: typeof cacheVersion;
  /** SHA-256 (hex) of the identity: equal hashes, equal content. */
  readonly hash: string;
  readonly identity: CacheIdentity;
  readonly contexts: number;
  readonly documents: number;
  /** Stored activations. */
  readonly rows: number;
  /** Activations that float16 cannot hold and that are stored as the nearest that it can. */
  readonly clamped: number;
  /** Name of the file of tokens. */
  readonly tokensFile: TokensFile;
  /** Size and SHA-256 of every other file. */
  readonly files: Readonly<Record<string, FileRecord>>;
}

export type TokensFile = "tokens.u16" | "tokens.u32";

export const manifestName = "manifest.json";

/** Folder of the tables that queries have made. */
export const tablesName = "sql";

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
  const sizes = {
    ...contextFileSizes(manifest, manifest.identity.contextLength),
    ...groupedFileSizes(manifest),
  };
  checkRecords(path, manifest.files, sizes);
  checkSizes(directory, manifest.files);
  return manifest;
}

/** Of what a cache is that is being filled. @throws {FileError} If the file is damaged. */
export function readPlan(path: string): CacheIdentity {
  const plan = readJson(path);
  if (isIdentity(plan)) return plan;
  throw new FileError(`Cannot go on with "${path}": it is damaged; delete its folder and cache again`, path);
}

/** Writes the manifest, which makes the cache complete: after everything else is on disk. */
export async function writeManifest(
  directory: string,
  identity: CacheIdentity,
  contexts: Pick<CacheManifest, "contexts" | "documents" | "tokensFile" | "files">,
  grouped: Pick<CacheManifest, "rows" | "clamped" | "files">,
): Promise<void> {
  const manifest: CacheManifest = {
    format: "saelab-cache",
    version: cacheVersion,
    hash: identityHash(identity),
    identity,
    ...contexts,
    ...grouped,
    files: { ...contexts.files, ...grouped.files },
  };
  await writeJsonFile(join(directory, manifestName), manifest);
}

/** Size of a file of a cache in bytes, as its manifest has it; NaN where it does not. */
export function fileBytes({ files }: Pick<CacheManifest, "files">, name: string): number {
  return Object.hasOwn(files, name) ? Number(files[name]?.bytes) : Number.NaN;
}

/** @throws {FileError} If `path` lists other files than these, or other sizes. */
export function checkRecords(
  path: string,
  files: Readonly<Record<string, FileRecord>>,
  sizes: Readonly<Record<string, Size>>,
): void {
  for (const [name, size] of Object.entries(sizes)) {
    const bytes = fileBytes({ files }, name);
    if (size.bytes !== undefined ? bytes !== size.bytes : bytes % size.multipleOf !== 0) {
      throw damaged(path, `it gives "${name}" ${bytes} bytes, which is not what its other numbers say`);
    }
  }
  if (Object.keys(files).length !== Object.keys(sizes).length) {
    throw damaged(path, "it lists files that no cache has");
  }
}

/** @throws {FileError} If a file is missing or has another size. */
export function checkSizes(directory: string, files: Readonly<Record<string, FileRecord>>): void {
  for (const [name, { bytes }] of Object.entries(files)) {
    const file = join(directory, name);
    const found = statSync(file, { throwIfNoEntry: false })?.size;
    if (found === bytes) continue;
    throw new FileError(
      `Cannot open cache "${directory}": its file "${name}" ${found === undefined ? "is missing" : `has ${found} bytes`}, and ${bytes} bytes are wanted; delete the folder and cache again`,
      file,
    );
  }
}

/** What a file's size must be. */
type Size = { bytes: number } | { bytes?: undefined; multipleOf: number };

/** The files of the first stage. */
export function contextFileSizes(
  { contexts, documents, tokensFile }: Pick<CacheManifest, "contexts" | "documents" | "tokensFile">,
  contextLength: number,
): Record<string, Size> {
  return {
    [tokensFile]: { bytes: contexts * contextLength * (tokensFile === "tokens.u16" ? 2 : 4) },
    "documents.u32": { bytes: 4 * documents },
    "pieces.u32": { multipleOf: 8 },
    "pieces.json": { multipleOf: 1 },
  };
}

function groupedFileSizes({ identity, rows }: CacheManifest): Record<string, Size> {
  const { dSae } = identity.coder;
  return {
    "offsets.f64": { bytes: 8 * (dSae + 1) },
    "starts.f64": { bytes: 8 * (dSae + 1) },
    "positions.varint": { multipleOf: 1 },
    [activationFiles[identity.precision]]: { bytes: rows * (identity.precision === "f32" ? 4 : 2) },
    "max.f32": { bytes: 4 * dSae },
    "sum.f64": { bytes: 8 * dSae },
    "windows.u32": { bytes: 4 * dSae },
  };
}

function missing(directory: string): string {
  if (existsSync(join(directory, planName))) {
    return `Cannot open cache "${directory}": it is not finished; call cacheLatents with the same arguments to go on`;
  }
  return `Cannot open cache "${directory}": there is no ${manifestName} in it; give a folder that cacheLatents made`;
}

function parseManifest(path: string): CacheManifest {
  const manifest = readJson(path) as CacheManifest;
  if (manifest.format !== "saelab-cache" || manifest.version !== cacheVersion) {
    throw new FileError(
      `Cannot read "${path}": it says format "${manifest.format}", version ${manifest.version}; "saelab-cache", version ${cacheVersion}, is wanted; delete its folder and cache again`,
      path,
    );
  }
  const { identity, hash, contexts, documents, rows, clamped, tokensFile, files } = manifest;
  const fits =
    [contexts, documents, rows, clamped].every((n) => Number.isSafeInteger(n) && n >= 0) &&
    (tokensFile === "tokens.u16" || tokensFile === "tokens.u32") &&
    isObject(files) &&
    Object.values(files).every((file) => isObject(file) && typeof file.sha256 === "string") &&
    isIdentity(identity) &&
    hash === identityHash(identity);
  if (!fits) throw damaged(path, "its parts do not fit together");
  return manifest;
}

/** Whether a value has the parts of an identity that are used when a cache is read. */
function isIdentity(value: unknown): value is CacheIdentity {
  if (!isObject(value)) return false;
  const { model, coder, tokenizer, corpus, contextLength, precision } = value as unknown as CacheIdentity;
  if (![model, coder, tokenizer, corpus].every(isObject)) return false;
  const texts = [model.name, coder.name, coder.kind, coder.hookpoint, corpus.name];
  return (
    texts.every((text) => typeof text === "string") &&
    [coder.dSae, contextLength].every((n) => Number.isSafeInteger(n) && n > 0) &&
    (tokenizer.bosId === null || Number.isSafeInteger(tokenizer.bosId)) &&
    Object.hasOwn(activationFiles, precision)
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function damaged(path: string, found: string): FileError {
  return new FileError(`Cannot read "${path}": ${found}; delete its folder and cache again`, path);
}
