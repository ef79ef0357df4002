/**
 * Examples as delphi draws them, to compare with its results. Not for use otherwise: its test windows are drawn from the
 * same list as its training windows, with the same seed, so that a fifth to a quarter of them were shown to the explainer.
 */
import { createHash } from "node:crypto";
import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import { TooFewWindowsError } from "../errors.js";
import { type Latent, latentName } from "../latent.js";
import { type DelphiWindows, delphiCentred, delphiTiles } from "./delphi-windows.js";
import type { Example, LatentExamples } from "./example.js";
import { pythonRandom, torchRandint } from "./mersenne-twister.js";
import { readWindow } from "./read-window.js";
import { setHashes } from "./set-hash.js";
import { type FiringWindow, tilesPerContext, type WindowGrid, windows } from "./windows.js";

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
  /** Its `train_type`; it has no `values`. Default: `quantiles`. */
  trainSampling?: "quantiles" | "values" | "top" | "random" | "mixed" | undefined;
  /**
   * `centred` is what it does where `center_examples` is false: see `delphiCentred`, of which the activations are wrong beside
   * the tile. Default: `tiles`.
   */
  placement?: "tiles" | "centred" | undefined;
}

const sampleSeed = 22;
const silentSeed = 42;

/**
 * What delphi's main branch gives to its explainer and scorers with random negatives (for those of neighbours, see
 * `delphiNegatives`): fixed windows by descending maximum, slices of ⌊n / quantiles⌋ windows of which the remainder is left
 * out, Python's `random.sample` with seed 22 from each, anew for test; silent windows of all contexts by torch's `randint`
 * with seed 42, with replacement. `maxActivation` is the first window's.
 *
 * @throws {TooFewWindowsError} If the latent fires in too few windows.
 * @throws {RangeError} If delphi has no such sampler.
 * @see EleutherAI/delphi at 3c2e139: latents/samplers.py, latents/constructors.py.
 */
export function delphiExamples(
  cache: LatentCache,
  latent: Latent,
  options: DelphiExamplesOptions = {},
): LatentExamples {
  const { windowLength = 32, quantiles = 10 } = options;
  const grid: WindowGrid = { windowLength, contextLength: cache.contextLength, firstPosition: 0 };
  const rows = cache.read(latent.index);
  const found = options.placement === "centred" ? delphiCentred(rows, grid) : delphiTiles(rows, grid);
  checkEnough(found.count, latent, options);
  const read = (places: readonly Ranked[]) => places.map((place) => example(cache, place, { rows, found }));
  const { train = 40, test = 50, nonActivating: silent = 50, trainSampling } = options;
  const firing = windows(rows, grid);
  const sets = {
    train: read(sampled(found.count, train, { quantiles, sampling: trainSampling })),
    select: [],
    calibrate: [],
    test: read(sampled(found.count, test, { quantiles })),
    nonActivating: silentPlaces(cache, firing, { grid, count: silent }).map((place) =>
      readWindow(cache, place, rows),
    ),
  };
  const { train: shown, test: judged, nonActivating } = sets;
  return {
    latent,
    train: shown,
    test: judged,
    nonActivating,
    maxActivation: Math.max(...found.read(0).activations),
    density: rows.positions.length / cache.tokenCount,
    windowCount: found.count,
    firingRate: firing.length / (cache.contextCount * tilesPerContext(grid)),
    windowLength,
    quantiles,
    ...hashes(cache, latent, sets),
  };
}

interface Ranked {
  readonly rank: number;
  readonly quantile: number;
}

function example(
  cache: LatentCache,
  { rank, quantile }: Ranked,
  { rows, found }: { rows: LatentActivations; found: DelphiWindows },
): Example {
  const place = found.read(rank);
  const { activations } = place;
  return { ...readWindow(cache, place, rows), activations, quantile, peak: Math.max(...activations) };
}

function checkEnough(
  found: number,
  latent: Latent,
  { train = 40, test = 50, quantiles = 10, minWindows = 200 }: DelphiExamplesOptions,
): void {
  const wanted = Math.max(1, minWindows, quantiles * Math.floor(Math.max(train, test) / quantiles));
  if (found >= wanted) return;
  throw new TooFewWindowsError(
    `Cannot sample examples of ${latentName(latent)} as delphi does: it fires in ${found} windows, and ${wanted} are wanted; cache more text, ask for fewer examples or lower minWindows`,
  );
}

/** Which of `found` windows, by rank. */
function sampled(
  found: number,
  count: number,
  {
    quantiles,
    sampling = "quantiles",
  }: { quantiles: number; sampling?: DelphiExamplesOptions["trainSampling"] },
): Ranked[] {
  const slice = Math.floor(found / quantiles);
  const placed = Array.from({ length: found }, (_, rank) => ({
    rank,
    quantile: Math.min(quantiles - 1, Math.floor(rank / slice)),
  }));
  const strongest = Math.floor(count * 0.2);
  switch (sampling) {
    case "top":
      return placed.slice(0, count);
    case "random":
      return pythonRandom(sampleSeed).sample(placed, count);
    case "mixed":
      return [
        ...placed.slice(0, strongest),
        ...fromSlices(placed.slice(strongest), Math.floor(count * 0.8), quantiles),
      ];
    case "quantiles":
      return fromSlices(placed, count, quantiles);
    case "values":
      throw new RangeError(
        `Cannot sample by "values" as delphi does: it has quantiles, top, random and mixed`,
      );
  }
}

function fromSlices(ranked: readonly Ranked[], count: number, quantiles: number): Ranked[] {
  const random = pythonRandom(sampleSeed);
  const length = Math.floor(ranked.length / quantiles);
  return Array.from({ length: quantiles }, (_, i) =>
    random.sample(ranked.slice(i * length, (i + 1) * length), Math.floor(count / quantiles)),
  ).flat();
}

/** Tiles without an activation, counted through all contexts; fewer than `count` of them give none. */
function silentPlaces(
  cache: LatentCache,
  firing: readonly FiringWindow[],
  { grid, count }: { grid: WindowGrid; count: number },
) {
  const perContext = tilesPerContext(grid);
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

function hashes(
  cache: LatentCache,
  latent: Latent,
  sets: Parameters<typeof setHashes>[1],
): Pick<LatentExamples, "hash" | "setHashes"> {
  const named = setHashes(cache, sets);
  const hash = createHash("sha256")
    .update(JSON.stringify([cache.hash, latent, named]))
    .digest("hex");
  return { hash, setHashes: named };
}
