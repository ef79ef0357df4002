import { createHash } from "node:crypto";
import type { LatentCache } from "../cache/latent-cache.js";
import type { EmbeddedWindows } from "../examples/embedding-neighbour-windows.js";
import type { Place } from "../examples/read-window.js";
import { strongestFirstOrder } from "../examples/window-order.js";
import { tileAt, type WindowGrid, windows } from "../examples/windows.js";
import { type Latent, latentName } from "../latent.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { seededRandom } from "../random.js";
import { settingsOf } from "../settings.js";
import { type Tensor, tensor } from "../tensor.js";
import type { Embedder } from "./embedder.js";
import { builtInEmbedder } from "./local/built-in-embedder.js";

export interface EmbedWindowsOptions extends LongCallOptions {
  /** Default: `builtInEmbedder()`. */
  embedder?: Embedder | undefined;
  /** Windows drawn from the whole cache. Default: 5,000. */
  count?: number | undefined;
  /** Latents whose strongest windows are embedded too: 20 of each. Without them only frequent latents fire in the pool. */
  latents?: readonly Latent[] | undefined;
  /** Tokens per window, as of the examples. Default: 32. */
  windowLength?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
}

const windowsOfEach = 20;
const textsPerCall = 256;

/**
 * Embeds windows of a cache, once for all latents: for `negativeLadder` and `sampleExamples`, which find in them the silent
 * windows that are most like those where a latent fires.
 *
 * @throws {RangeError} If a latent is of another hookpoint.
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop.
 */
export async function embedWindows(
  cache: LatentCache,
  options: EmbedWindowsOptions = {},
): Promise<EmbeddedWindows> {
  const { embedder = builtInEmbedder(), windowLength = 32 } = options;
  const signal = callSignal(options);
  const places = poolOf(cache, { ...options, windowLength });
  const meter = progressMeter("embed windows", "windows", places.length, options.onProgress);
  const parts: Tensor[] = [];
  for (let from = 0; from < places.length; from += textsPerCall) {
    const texts = places.slice(from, from + textsPerCall).map((place) => textOf(cache, place));
    parts.push(await embedder.embed(texts, { signal }));
    meter.report(from + texts.length);
  }
  meter.end(places.length);
  return {
    name: embedder.name,
    hash: createHash("sha256")
      .update(JSON.stringify([cache.hash, settingsOf({ embedder }).embedder, places]))
      .digest("hex"),
    windowLength,
    places,
    vectors: stacked(parts, places.length),
  };
}

/** The rows of all parts; of texts that hold nothing a part may have rows without a length. */
function stacked(parts: readonly Tensor[], rows: number): Tensor {
  const dimensions = parts.reduce((most, { shape }) => Math.max(most, shape[1] as number), 0);
  const vectors = new Float32Array(rows * dimensions);
  for (const [i, { data }] of parts.entries()) vectors.set(data, i * textsPerCall * dimensions);
  return tensor(vectors, [rows, dimensions]);
}

/** Drawn windows in order of place, then the strongest ones of each latent; none twice. */
function poolOf(
  cache: LatentCache,
  { count = 5000, latents = [], windowLength, seed = 22 }: EmbedWindowsOptions & { windowLength: number },
): Place[] {
  const { contextLength, firstPosition, contextCount } = cache;
  const grid: WindowGrid = { windowLength, contextLength, firstPosition };
  const perContext = Math.floor(contextLength / windowLength);
  const random = seededRandom(seed).fork("embedded windows");
  const tiles = new Set<number>();
  const wanted = Math.min(count, contextCount * perContext);
  while (tiles.size < wanted) tiles.add(random.integer(contextCount * perContext));
  const drawn = [...tiles].sort((a, b) => a - b);
  const strongest = latents.flatMap((latent) => strongestTiles(cache, latent, grid));
  return [...new Set([...drawn, ...strongest])].map((tile) => ({
    context: Math.floor(tile / perContext),
    ...tileAt(tile % perContext, grid),
  }));
}

/** Numbers of tiles, counted through all contexts. */
function strongestTiles(cache: LatentCache, latent: Latent, grid: WindowGrid): number[] {
  if (latent.hookpoint !== cache.hookpoint) {
    throw new RangeError(
      `Cannot embed windows of ${latentName(latent)}: the cache "${cache.directory}" is of ${cache.hookpoint}; give latents of that`,
    );
  }
  const perContext = Math.floor(grid.contextLength / grid.windowLength);
  const found = windows(cache.read(latent.index), grid);
  return Array.from(strongestFirstOrder(found).subarray(0, windowsOfEach), (i) => {
    const { context, start } = found[i];
    return context * perContext + Math.floor(start / grid.windowLength);
  });
}

function textOf(cache: LatentCache, { context, start, end }: Place): string {
  return cache.pieces(context).slice(start, end).join("");
}
