/**
 * The cache folder that Hugging Face's libraries share: a file that Python has fetched is not
 * fetched again, and the other way round.
 * Layout: `models--ORG--NAME/{refs/REVISION, blobs/ETAG, snapshots/COMMIT/FILE → blob}`.
 * Reference: huggingface_hub, "Understand caching".
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { HubSource } from "./hub-client.js";
import { hubHome } from "./hub-settings.js";

/** The cache's folder: `HF_HUB_CACHE`, or `hub` below `HF_HOME`, or below `~/.cache/huggingface`. */
export function hubCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.HF_HUB_CACHE ?? join(hubHome(env), "hub"));
}

/** One repository's part of the cache. */
export interface CachedRepository {
  /** The snapshot of a branch, tag or commit, if anything of it is there. */
  snapshot(revision: string): Promise<string | undefined>;
  /** Where the bytes of a file with this ETag belong, finished or not. */
  blob(etag: string): { path: string; unfinished: string };
  /** Makes a finished blob appear as a file of a commit's snapshot. */
  link(commit: string, file: string, etag: string): Promise<void>;
  /** Notes which commit a branch or tag is at; a commit needs no note. */
  setRevision(revision: string, commit: string): Promise<void>;
  /** Folder of a commit's files. */
  folder(commit: string): string;
}

export function cachedRepository(
  { kind, repository }: Pick<HubSource, "kind" | "repository">,
  cache: string = hubCacheFolder(),
): CachedRepository {
  const root = join(cache, `${kind}--${repository.replaceAll("/", "--")}`);
  const folder = (commit: string) => join(root, "snapshots", commit);
  const blob = (etag: string) => {
    const path = join(root, "blobs", etag);
    return { path, unfinished: `${path}.incomplete` };
  };
  return {
    folder,
    blob,
    async snapshot(revision) {
      const noted = await readFile(join(root, "refs", revision), "utf8").catch(() => revision);
      return existsSync(folder(noted.trim())) ? folder(noted.trim()) : undefined;
    },
    async link(commit, file, etag) {
      const target = join(folder(commit), file);
      await mkdir(dirname(target), { recursive: true });
      if (existsSync(target)) return;
      const { path } = blob(etag);
      // Windows allows links to few users: there the file itself moves.
      await symlink(relative(dirname(target), path), target).catch(async () => {
        // Another call may have been faster.
        if (!existsSync(target)) await rename(path, target);
      });
    },
    async setRevision(revision, commit) {
      if (revision === commit) return;
      const path = join(root, "refs", revision);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, commit);
    },
  };
}

/** Files below a folder, with `/` between the parts. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.map((path) => path.split(sep).join("/")).sort();
}
