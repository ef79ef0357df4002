/**
 * From a latent's activations to what explainers and scorers are given, as in the paper (1.3): windows of
 * 32 tokens, ranked by their strongest activation and cut into ten slices of equal count.
 *
 * Where we differ, on purpose: contexts are divided into a train and a test side before anything is sampled;
 * windows of equal tokens are one window; silent windows are drawn without replacement and never equal a
 * window in which the latent fires.
 */
import { createHash } from "node:crypto";
import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import { type Latent, latentName } from "../latent.js";
import { type Random, seededRandom } from "../random.js";
import type { Example, LatentExamples } from "./example.js";
import { readWindow } from "./read-window.js";
import { silentWindows } from "./silent-windows.js";
import { type Side, splitContexts } from "./split-contexts.js";
import { strongestFirstOrder, tokenKeys } from "./window-order.js";
import { centredWindows, type FiringWindow, type WindowGrid, windows } from "./windows.js";

export interface SampleExamplesOptions {
  /** Examples for explainers. Default: 40, as in the paper. */
  train?: number | undefined;
  /** Examples for scorers, an equal number from each quantile. Default: 100, as in the paper. */
  test?: number | undefined;
  /** Silent windows for scorers. Default: as many as `test`. */
  nonActivating?: number | undefined;
  /** Tokens per window. Default: 32, as in the paper. */
  windowLength?: number | undefined;
  /** Rank slices. Default: 10, as in the paper. */
  quantiles?: number | undefined;
  /** Default: 22, as in the paper. */
  seed?: number | string | undefined;
  /** How explainers' examples are chosen: as many from each quantile, the strongest, or any. Default: `quantiles`. */
  trainSampling?: "quantiles" | "top" | "random" | undefined;
  /** The least number of distinct windows in which the latent must fire. Default: `train` + `test`. */
  minWindows?: number | undefined;
  /** Only the strongest so many windows are ranked. Default: 10,000, as in the paper. */
  maxWindows?: number | undefined;
  /** How windows are laid: by `windows` (tiles) or by `centredWindows`. Default: `tiles`, as in the paper. */
  placement?: "tiles" | "centred" | undefined;
}

/**
 * Samples examples of one latent. The same cache, latent and options give the same examples.
 *
 * Each example says which quantile it is from; as many are taken from each, but where one has too few windows on
 * its side, others make up for it. Strongest first. `nonActivating` may be shorter than asked for.
 *
 * @throws {RangeError} If the latent never fires, or in too few windows.
 */
export function sampleExamples(
  cache: LatentCache,
  latent: Latent,
  options: SampleExamplesOptions = {},
): LatentExamples {
  const plan = samplingPlan(cache, latent, options);
  const { max: maxActivation, density, count } = cache.stats(latent.index);
  if (count === 0) throw neverFires(cache, latent);
  const rows = cache.read(latent.index);
  const { places, windowCount } = samplePlaces(cache, rows, latent, plan);
  const example = (place: Ranked): Example => {
    return { ...readWindow(cache, place, rows), quantile: place.quantile, peak: place.peak };
  };
  return {
    latent,
    train: places.train.map(example),
    test: places.test.map(example),
    nonActivating: places.silent.map((place) => readWindow(cache, place, rows)),
    maxActivation,
    density,
    windowCount,
    windowLength: plan.grid.windowLength,
    quantiles: plan.quantiles,
    hash: hashOf(cache, latent, [places.train, places.test, places.silent]),
  };
}

/** Where the examples are. */
function samplePlaces(cache: LatentCache, rows: LatentActivations, latent: Latent, plan: SamplingPlan) {
  const { pool, keys } = rankedPool(cache, rows, plan);
  if (pool.length === 0 || keys.size < plan.minWindows) throw tooFew(latent, keys.size, plan);
  const side = splitContexts(plan.seed, trainShare(plan));
  const random = seededRandom(plan.seed).fork(latentName(latent));
  const train = chooseTrain(onSide(pool, side, "train"), plan, random.fork("train"));
  const test = fromEachQuantile(onSide(pool, side, "test"), plan.test, plan, random.fork("test"));
  if (train.length === 0 || test.length === 0) throw tooFew(latent, keys.size, plan);
  const silent = silentWindows(cache, rows, {
    grid: plan.grid,
    count: plan.nonActivating,
    random: random.fork("silent"),
    firing: keys,
    allowed: (context) => side(context) === "test",
  });
  return { places: { train, test, silent }, windowCount: keys.size };
}

/** As the examples are divided, but a quarter at least for each side: rare latents need some slack. */
function trainShare({ train, test }: SamplingPlan): number {
  return Math.min(0.75, Math.max(0.25, train / (train + test)));
}

interface SamplingPlan
  extends Required<{ [K in keyof SampleExamplesOptions]: NonNullable<SampleExamplesOptions[K]> }> {
  grid: WindowGrid;
}

function samplingPlan(cache: LatentCache, latent: Latent, options: SampleExamplesOptions): SamplingPlan {
  const { train = 40, test = 100, windowLength = 32, quantiles = 10, seed = 22 } = options;
  const { nonActivating = test, minWindows = train + test, maxWindows = 10_000 } = options;
  if (latent.hookpoint !== cache.hookpoint) {
    throw new RangeError(
      `Cannot sample examples of ${latentName(latent)}: the cache "${cache.directory}" is of ${cache.hookpoint}; open the cache of ${latent.hookpoint}`,
    );
  }
  const counts = { train, test, windowLength, quantiles, maxWindows };
  for (const [name, n] of Object.entries(counts)) {
    if (Number.isInteger(n) && n >= 1) continue;
    throw new RangeError(`Cannot sample examples with ${name} ${n}: give a whole number from 1`);
  }
  if (windowLength > cache.contextLength) {
    throw new RangeError(
      `Cannot sample windows of ${windowLength} tokens: the contexts of "${cache.directory}" have ${cache.contextLength}`,
    );
  }
  return {
    ...counts,
    nonActivating,
    minWindows,
    seed,
    trainSampling: options.trainSampling ?? "quantiles",
    placement: options.placement ?? "tiles",
    grid: { windowLength, contextLength: cache.contextLength, firstPosition: cache.firstPosition },
  };
}

interface Ranked extends FiringWindow {
  readonly quantile: number;
}

/** Distinct windows, strongest first, cut into quantiles of equal count; and the tokens of all windows. */
function rankedPool(
  cache: LatentCache,
  rows: LatentActivations,
  plan: SamplingPlan,
): { pool: Ranked[]; keys: Set<number> } {
  const found = plan.placement === "centred" ? centredWindows(rows, plan.grid) : windows(rows, plan.grid);
  const keyOf = tokenKeys(cache, found);
  const keys = new Set<number>();
  const distinct: FiringWindow[] = [];
  for (const i of strongestFirstOrder(found)) {
    const key = keyOf[i] as number;
    if (!keys.has(key)) distinct.push(found[i] as FiringWindow);
    keys.add(key);
  }
  const top = distinct.slice(0, plan.maxWindows);
  const pool = top.map(({ context, start, end, peak }, rank) => {
    return { context, start, end, peak, quantile: Math.floor((rank * plan.quantiles) / top.length) };
  });
  return { pool, keys };
}

function onSide(pool: readonly Ranked[], side: (context: number) => Side, wanted: Side): Ranked[] {
  return pool.filter(({ context }) => side(context) === wanted);
}

function chooseTrain(pool: readonly Ranked[], plan: SamplingPlan, random: Random): Ranked[] {
  if (plan.trainSampling === "quantiles") return fromEachQuantile(pool, plan.train, plan, random);
  if (plan.trainSampling === "top") return pool.slice(0, plan.train);
  return strongestFirst(random.sample(pool, plan.train));
}

/**
 * Equal numbers from every quantile; the strongest ones get what does not divide. Where a quantile has too few, any
 * others make up for it.
 */
function fromEachQuantile(
  pool: readonly Ranked[],
  count: number,
  plan: SamplingPlan,
  random: Random,
): Ranked[] {
  const { quantiles } = plan;
  const chosen = new Set<Ranked>();
  const slices = Array.from({ length: quantiles }, (): Ranked[] => []);
  for (const window of pool) slices[window.quantile]?.push(window);
  slices.forEach((slice, quantile) => {
    const wanted = Math.floor(count / quantiles) + (quantile < count % quantiles ? 1 : 0);
    for (const window of random.fork(quantile).sample(slice, wanted)) chosen.add(window);
  });
  if (chosen.size === count) return strongestFirst([...chosen]);
  const rest = pool.filter((window) => !chosen.has(window));
  for (const window of random.fork("rest").sample(rest, count - chosen.size)) chosen.add(window);
  return strongestFirst([...chosen]);
}

function strongestFirst(chosen: Ranked[]): Ranked[] {
  return chosen.sort((a, b) => b.peak - a.peak || a.context - b.context || a.start - b.start);
}

function neverFires(cache: LatentCache, latent: Latent): RangeError {
  return new RangeError(
    `Cannot sample examples of ${latentName(latent)}: it never fires in ${cache.tokenCount} tokens; choose one of cache.live() or cache more text`,
  );
}

function tooFew(latent: Latent, found: number, { minWindows, train, test }: SamplingPlan): RangeError {
  const wanted =
    found < minWindows
      ? `${minWindows} are wanted`
      : `they cannot fill both ${train} train and ${test} test examples`;
  return new RangeError(
    `Cannot sample examples of ${latentName(latent)}: it fires in ${found} distinct windows, and ${wanted}; cache more text, ask for fewer examples or lower minWindows`,
  );
}

function hashOf(
  cache: LatentCache,
  latent: Latent,
  places: readonly (readonly { context: number; start: number; end: number }[])[],
): string {
  const chosen = places.map((list) => list.map(({ context, start, end }) => [context, start, end]));
  return createHash("sha256")
    .update(JSON.stringify([cache.manifest.hash, latent, chosen]))
    .digest("hex");
}
