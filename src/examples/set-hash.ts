import { createHash } from "node:crypto";
import type { LatentCache } from "../cache/latent-cache.js";
import type { Window } from "./example.js";

/**
 * SHA-256 (hex) of a set of windows of a cache: which places, in no order. Two results with equal hashes saw the same
 * windows; a result that names the hashes of its sets can be checked later.
 */
export function setHash(
  cache: Pick<LatentCache, "hash">,
  windows: readonly Pick<Window, "context" | "start" | "tokens">[],
): string {
  const places = windows.map(({ context, start, tokens }) => [context, start, start + tokens.length]);
  places.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return createHash("sha256")
    .update(JSON.stringify([cache.hash, places]))
    .digest("hex");
}
