/**
 * Files from the Hugging Face hub, or from a mirror that speaks its API (`HF_ENDPOINT`), kept in
 * the cache that Hugging Face's libraries share. What is in the cache is used without asking the
 * network. A download that stops is continued where it stopped, and checked when it ends.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FileError } from "../errors.js";
import { hashFile } from "../formats/file-source.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { type CachedRepository, cachedRepository, filesBelow } from "./hub-cache.js";
import { HubClient, type HubSource } from "./hub-client.js";

/**
 * Picks what is needed from a folder's files; `undefined` if they do not suffice. They are fetched
 * in this order, so what tells that a folder is complete comes last.
 */
export type PickFiles = (files: readonly string[]) => readonly string[] | undefined;

export interface HubFilesOptions extends LongCallOptions {
  /** What `pick` looks for and what to do where it is missing, for the error. */
  wanted?: string | undefined;
  /** Asks the hub for what is missing, also where the cache seems to have all. Default: false. */
  refresh?: boolean | undefined;
}

/** The parts of a source that starts with `hf:`; `undefined` for any other. */
export function parseHubSource(source: string): HubSource | undefined {
  const match =
    /^hf:(datasets\/(?=[^/]+\/))?([\w.-]+\/[\w.-]+)(?:@(refs\/\w+\/[\w-]+|[\w-][\w.-]*))?(?:\/([^@]+?))?\/?$/.exec(
      source,
    );
  if (!match) return undefined;
  const [, datasets, repository, revision = "main", folder = ""] = match;
  return { kind: datasets ? "datasets" : "models", repository, revision, folder };
}

/**
 * A folder with the files that `pick` wants, fetched if they are not there.
 *
 * @throws {FileError} If the repository does not exist, lacks the files, or cannot be reached.
 */
export async function hubFiles(
  source: HubSource,
  pick: PickFiles,
  options: HubFilesOptions = {},
): Promise<string> {
  const cache = cachedRepository(source);
  const prefix = source.folder === "" ? "" : `${source.folder}/`;
  const choose = (files: readonly string[]) => {
    const below = files.filter((file) => file.startsWith(prefix));
    return pick(below.map((file) => file.slice(prefix.length)))?.map((file) => prefix + file);
  };
  const snapshot = await cache.snapshot(source.revision);
  if (!options.refresh && snapshot && choose(await filesBelow(snapshot)))
    return join(snapshot, source.folder);
  const hub = new HubClient(source, callSignal(options));
  const { commit, files } = await hub.list();
  const wanted = choose(files);
  if (!wanted) {
    const found = files.slice(0, 12).join(", ") || "nothing";
    const advice = options.wanted ? `; ${options.wanted}` : "";
    throw hub.error(`the repository has ${found}, which is no layout that saelab reads${advice}`);
  }
  for (const file of wanted) await fetchFile(hub, { cache, commit, file, onProgress: options.onProgress });
  await cache.setRevision(source.revision, commit);
  return join(cache.folder(commit), source.folder);
}

/** A repository as it is now, of which files are fetched one by one. */
export interface HubRepository {
  readonly commit: string;
  /** Every file; without the network, those that the cache has. */
  readonly files: readonly string[];
  /** Fetches a file unless the cache has it, and says where it lies. */
  fetch(file: string): Promise<string>;
  /** An error that names the repository. */
  error(reason: string): FileError;
}

/**
 * Lists a repository's files. Where the hub does not answer, the cache's copy is taken.
 *
 * @throws {FileError} If the hub does not answer and the cache has nothing of it.
 */
export async function openHubRepository(
  source: HubSource,
  options: LongCallOptions = {},
): Promise<HubRepository> {
  const cache = cachedRepository(source);
  const hub = new HubClient(source, callSignal(options));
  const { commit, files } = await listOrCached(hub, cache, source.revision);
  return {
    commit,
    files,
    async fetch(file) {
      // Files are fetched when they are needed: in a notebook, that may be in a later cell.
      const client = new HubClient(source, callSignal(options));
      await fetchFile(client, { cache, commit, file, onProgress: options.onProgress });
      return join(cache.folder(commit), file);
    },
    error: (reason) => hub.error(reason),
  };
}

async function listOrCached(hub: HubClient, cache: CachedRepository, revision: string) {
  try {
    const listed = await hub.list();
    await cache.setRevision(revision, listed.commit);
    return listed;
  } catch (error) {
    const snapshot = await cache.snapshot(revision);
    if (snapshot === undefined || !(error instanceof FileError)) throw error;
    return { commit: basename(snapshot), files: await filesBelow(snapshot) };
  }
}

interface FileRequest {
  cache: CachedRepository;
  commit: string;
  file: string;
  onProgress: LongCallOptions["onProgress"];
}

/** Downloads of this process by where they go: who asks for the same file waits for it. */
const underWay = new Map<string, Promise<void>>();

async function fetchFile(hub: HubClient, { cache, commit, file, onProgress }: FileRequest): Promise<void> {
  if (existsSync(join(cache.folder(commit), file))) return;
  const { etag, size } = await hub.describe(commit, file);
  const { path, unfinished } = cache.blob(etag);
  // Another's that fails, or is stopped, is no reason to.
  while (underWay.has(path)) await underWay.get(path)?.catch(() => {});
  if (!existsSync(path)) {
    const meter = progressMeter(`fetch ${file}`, "bytes", size, onProgress);
    const download = (async () => {
      await mkdir(dirname(path), { recursive: true });
      await hub.download(commit, file, { path: unfinished, size, meter });
      await checkDigest(unfinished, etag, hub);
      await rename(unfinished, path);
    })();
    underWay.set(path, download);
    await download.finally(() => underWay.delete(path));
  }
  await cache.link(commit, file, etag);
}

/** Large files carry their SHA-256 as ETag. */
async function checkDigest(path: string, etag: string, hub: HubClient): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(etag)) return;
  const hash = createHash("sha256");
  await hashFile(hash, path);
  if (hash.digest("hex") === etag) return;
  await rm(path);
  throw hub.error("a file arrived damaged and was thrown away; try again");
}
