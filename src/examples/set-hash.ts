import { createHash } from "node:crypto";
import type { LatentCache } from "../cache/latent-cache.js";
import type { SetHashes, Window } from "./example.js";
import type { EditedWindow } from "./minimal-edits.js";

/** A window as it stands in the cache, or with another token `at` an index. */
type HashedWindow = Pick<Window, "context" | "start" | "tokens"> & Partial<Pick<EditedWindow, "at">>;

/**
 * SHA-256 (hex) of a set of windows of a cache: which places, and what was changed there, in no order. Two results with equal hashes saw the same
 * windows; a result that names the hashes of its sets can be checked later.
 */
export function setHash(cache: Pick<LatentCache, "hash">, windows: readonly HashedWindow[]): string {
  const places = windows.map(({ context, start, tokens, at }) => [
    ...[context, start, start + tokens.length],
    ...(at === undefined ? [] : [at, tokens[at]]),
  ]);
  places.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return createHash("sha256")
    .update(JSON.stringify([cache.hash, places]))
    .digest("hex");
}

/** The hash of each of some sets. */
export function setHashes(
  cache: Pick<LatentCache, "hash">,
  sets: { readonly [K in keyof SetHashes]: readonly HashedWindow[] },
): SetHashes {
  const hashes = Object.entries<readonly HashedWindow[]>(sets).map(([name, set]) => [
    name,
    setHash(cache, set),
  ]);
  return Object.fromEntries(hashes);
}
