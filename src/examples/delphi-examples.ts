/**
 * Examples as delphi draws them, to compare with its results. Not for use otherwise: its test windows are drawn from the
 * same list as its training windows, with the same seed, so that a fifth to a quarter of them were shown to the explainer.
 */
import { createHash } from "node:crypto";
import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import { TooFewWindowsError } from "../errors.js";
import { type Latent, latentName } from "../latent.js";
import type { Example, LatentExamples } from "./example.js";
import { pythonRandom, torchRandint } from "./mersenne-twister.js";
import { readWindow } from "./read-window.js";
import { setHash } from "./set-hash.js";
import { strongestFirstOrder } from "./window-order.js";
import { type FiringWindow, type WindowGrid, windows } from "./windows.js";

export interface DelphiExamplesOptions {
  /** Default: 40. */
  train?: number | undefined;
  /** Default: 50. */
  test?: number | undefined;
  /** Default: 50. */
  nonActivating?: number | undefined;
  /** Default: 32. */
  windowLength?: number | undefined;
  /** Default: 10. */
  quantiles?: number | undefined;
  /** Fewer windows than this are no latent to delphi. Default: 200. */
  minWindows?: number | undefined;
}

const sampleSeed = 22;
const silentSeed = 42;

/**
 * What delphi's main branch gives to its explainer and scorers, with its default samplers (`quantiles` for both) and random
 * negatives: fixed windows by descending maximum (of equal ones the earlier first; there the order is torch's), slices of
 * ⌊n / quantiles⌋ windows of which the remainder is left out, Python's `random.sample` with seed 22 from each, anew for test;
 * silent windows of all contexts by torch's `randint` with seed 42, with replacement.
 *
 * @throws {TooFewWindowsError} If the latent fires in too few windows.
 * @see EleutherAI/delphi at 3c2e139: latents/samplers.py, latents/constructors.py.
 */
export function delphiExamples(
  cache: LatentCache,
  latent: Latent,
  options: DelphiExamplesOptions = {},
): LatentExamples {
  const { train = 40, test = 50, windowLength = 32, quantiles = 10, minWindows = 200 } = options;
  const { contextLength } = cache;
  const grid: WindowGrid = { windowLength, contextLength, firstPosition: 0 };
  const rows = cache.read(latent.index);
  const found = windows(rows, grid);
  const wanted = Math.max(minWindows, quantiles * Math.floor(Math.max(train, test) / quantiles));
  if (found.length < wanted) {
    throw new TooFewWindowsError(
      `Cannot sample examples of ${latentName(latent)} as delphi does: it fires in ${found.length} windows, and ${wanted} are wanted; cache more text, ask for fewer examples or lower minWindows`,
    );
  }
  const ranked = Array.from(strongestFirstOrder(found), (i) => found[i]);
  const read = (places: readonly Ranked[]) =>
    places.map(
      (place): Example => ({ ...readWindow(cache, place, rows), quantile: place.quantile, peak: place.peak }),
    );
  const drawn = {
    train: read(sampled(ranked, train, quantiles)),
    test: read(sampled(ranked, test, quantiles)),
  };
  const silent = silentPlaces(cache, found, { grid, count: options.nonActivating ?? 50 });
  const nonActivating = silent.map((place) => readWindow(cache, place, rows));
  const sets = { ...drawn, select: [], calibrate: [], nonActivating };
  const setHashes = Object.fromEntries(
    Object.entries(sets).map(([name, set]) => [name, setHash(cache, set)]),
  ) as unknown as NonNullable<LatentExamples["setHashes"]>;
  return {
    latent,
    ...drawn,
    nonActivating,
    ...facts(cache, latent, rows),
    windowCount: found.length,
    windowLength,
    quantiles,
    hash: createHash("sha256")
      .update(JSON.stringify([cache.hash, latent, setHashes]))
      .digest("hex"),
    setHashes,
  };
}

interface Ranked extends FiringWindow {
  readonly quantile: number;
}

function sampled(ranked: readonly FiringWindow[], count: number, quantiles: number): Ranked[] {
  const random = pythonRandom(sampleSeed);
  const length = Math.floor(ranked.length / quantiles);
  return Array.from({ length: quantiles }, (_, quantile) => {
    const slice = ranked.slice(quantile * length, (quantile + 1) * length);
    return random.sample(slice, Math.floor(count / quantiles)).map((window) => ({ ...window, quantile }));
  }).flat();
}

/** Tiles without an activation, counted through all contexts; fewer than `count` of them give none. */
function silentPlaces(
  cache: LatentCache,
  firing: readonly FiringWindow[],
  { grid, count }: { grid: WindowGrid; count: number },
) {
  const perContext = Math.floor(grid.contextLength / grid.windowLength);
  const fires = new Set(
    firing.map(({ context, start }) => context * perContext + Math.floor(start / grid.windowLength)),
  );
  const tiles = Array.from({ length: cache.contextCount * perContext }, (_, tile) => tile);
  const silent = tiles.filter((tile) => !fires.has(tile));
  if (silent.length < count) return [];
  return torchRandint(silent.length, { count, seed: silentSeed }).map((i) => {
    const start = (silent[i] % perContext) * grid.windowLength;
    return { context: Math.floor(silent[i] / perContext), start, end: start + grid.windowLength };
  });
}

function facts(cache: LatentCache, { index }: Latent, { positions }: LatentActivations) {
  return { maxActivation: cache.stats(index).max, density: positions.length / cache.tokenCount };
}
