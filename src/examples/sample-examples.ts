/**
 * From a latent's activations to what explainers and scorers are given, as in the paper (1.3): windows of
 * 32 tokens, ranked by their strongest activation and cut into ten slices of equal count.
 *
 * Where we differ, on purpose: documents are divided into parts (train, test and, where asked for, select and
 * calibrate) before anything is sampled, near-duplicates together; a window that nearly equals one of an earlier part
 * is not taken; windows of equal tokens are one window; silent windows are drawn without replacement, from
 * test documents, and never equal a window in which the latent fires. (The peer systems draw train and test from one
 * list with one seed, so that explanations are scored on what they were written from; the paper's code, too: 5.3.)
 */
import { createHash } from "node:crypto";
import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import { TooFewWindowsError } from "../errors.js";
import { type Latent, latentName } from "../latent.js";
import { type Random, seededRandom } from "../random.js";
import { delphiExamples } from "./delphi-examples.js";
import { fromEachQuantile, type Pool, type Ranked, trainWindows } from "./draw-windows.js";
import type { Example, LatentExamples, Window } from "./example.js";
import { NearIndex } from "./near-index.js";
import { type NegativeKind, type NegativeWindow, negativeLadder } from "./negative-ladder.js";
import { type Place, readWindow } from "./read-window.js";
import { partShares, type SampleExamplesOptions, type SamplingPlan, samplingPlan } from "./sampling-plan.js";
import { setHashes } from "./set-hash.js";
import { silentWindows } from "./silent-windows.js";
import { type Part, parts, splitDocuments } from "./split-documents.js";
import { strongestFirstOrder, tokenKeys } from "./window-order.js";
import { centredWindows, type FiringWindow, tilesPerContext, windows } from "./windows.js";

export type { SampleExamplesOptions };

/**
 * Samples examples of one latent. The same cache, latent and options give the same examples.
 *
 * Each example says which quantile it is from; as many are taken from each, but where one has too few windows in
 * its part, others make up for it. Strongest first. `nonActivating` may be shorter than asked for.
 *
 * @throws {TooFewWindowsError} If the latent never fires, or in too few windows.
 * @throws {RangeError} If the latent is not of the cache, or a number makes no sense.
 */
export function sampleExamples(
  cache: LatentCache,
  latent: Latent,
  options: SampleExamplesOptions = {},
): LatentExamples {
  if (options.compat === "delphi") return delphiExamples(cache, latent, options);
  const plan = samplingPlan(cache, latent, options);
  const { max: maxActivation, density, count } = cache.stats(latent.index);
  if (count === 0) throw neverFires(cache, latent);
  const rows = cache.read(latent.index);
  const { chosen, silent, contrast, ...counts } = samplePlaces(cache, rows, latent, plan);
  const example = (place: Ranked): Example => {
    return { ...readWindow(cache, place, rows), quantile: place.quantile, peak: place.peak };
  };
  const [train, select, calibrate, test] = parts.map((part) => chosen[part].map(example));
  const silentWindow = (place: Place) => readWindow(cache, place, rows);
  const selectNonActivating = silent.select.map(silentWindow);
  const nonActivating = [...silent.test.map(silentWindow), ...silent.hard];
  const silentPlaces = nonActivating.map(placeOf);
  const further = [silent.select, contrast.map(placeOf)].filter((places) => places.length > 0);
  return {
    latent,
    train,
    test,
    ...(plan.contrast > 0 && { contrast }),
    ...(plan.select > 0 && { select, selectNonActivating }),
    ...(plan.calibrate > 0 && { calibrate }),
    nonActivating,
    maxActivation,
    density,
    ...counts,
    windowLength: plan.grid.windowLength,
    quantiles: plan.quantiles,
    hash: hashOf(cache, latent, [...parts.map((part) => chosen[part]), silentPlaces, ...further]),
    setHashes: setHashes(cache, {
      ...{ train, select, calibrate, test, nonActivating },
      ...(plan.contrast > 0 && { contrast }),
      ...(plan.select > 0 && { selectNonActivating }),
    }),
  };
}

/** Where the examples are. */
function samplePlaces(cache: LatentCache, rows: LatentActivations, latent: Latent, plan: SamplingPlan) {
  const { ranked, keys, firingRate } = distinctWindows(cache, rows, plan);
  if (ranked.length === 0 || keys.size < plan.minWindows) throw tooFew(latent, keys.size, plan);
  const partOf = splitDocuments(cache, { seed: plan.seed, shares: partShares(plan) });
  const pool = poolByPart(ranked, partOf, plan);
  const random = seededRandom(plan.seed).fork(latentName(latent));
  const { chosen, isNear, remember } = choosePlaces(pool, { cache, plan, random });
  if (chosen.train.length === 0 || chosen.test.length === 0) throw tooFew(latent, keys.size, plan);
  const of = (part: Part) => (place: Place) => partOf(place) === part && !isNear(place);
  const silentOf = (part: "select" | "test", { count, known }: { count: number; known: Set<number> }) =>
    silentWindows(cache, rows, {
      grid: plan.grid,
      count,
      random: random.fork(part === "test" ? "silent" : `silent ${part}`),
      firing: known,
      allowed: of(part),
    });
  const hardOf = (part: "train" | "test") => ({ plan, firing: keys, allowed: of(part) });
  const contrast = contrastWindows(cache, latent, hardOf("train"));
  remember(contrast.map(placeOf));
  const select = remember(silentOf("select", { count: plan.select, known: keys }));
  const silent = silentOf("test", { count: plan.nonActivating, known: keys });
  const { test, hard } = withHardNegatives(cache, latent, { ...hardOf("test"), silent });
  return { chosen, contrast, silent: { select, test, hard }, windowCount: keys.size, firingRate };
}

interface HardOptions {
  plan: SamplingPlan;
  /** Tokens of windows that are none of these: in which the latent fires, or that stand beside them. */
  firing: Set<number>;
  allowed: (place: Place) => boolean;
}

/** Silent windows of train documents, the hardest kind first. */
function contrastWindows(cache: LatentCache, latent: Latent, options: HardOptions): NegativeWindow[] {
  const { contrast: count, contrastKinds: kinds } = options.plan;
  return hardWindows(cache, latent, { ...options, kinds, count }).slice(0, count);
}

/** Puts windows of each harder kind that scorers are to meet in the places of random ones, up to its share. */
function withHardNegatives(
  cache: LatentCache,
  latent: Latent,
  { silent, ...options }: HardOptions & { silent: readonly Place[] },
): { test: Place[]; hard: NegativeWindow[] } {
  const { negatives } = options.plan;
  const kinds = negatives.filter((kind) => kind !== "random");
  const count = Math.floor(silent.length / negatives.length);
  const left = silent.slice(0, silent.length - count * kinds.length);
  const firing = new Set([...options.firing, ...tokenKeys(cache, left)]);
  const hard = hardWindows(cache, latent, { ...options, firing, kinds, count });
  const taken = new Set(tokenKeys(cache, hard.map(placeOf)));
  const free = silent.filter((place) => !taken.has(tokenKeys(cache, [place])[0]));
  return { test: free.slice(0, silent.length - hard.length), hard };
}

function hardWindows(
  cache: LatentCache,
  latent: Latent,
  { plan, firing, allowed, kinds, count }: HardOptions & { kinds: readonly NegativeKind[]; count: number },
): NegativeWindow[] {
  if (count === 0 || kinds.length === 0) return [];
  const { seed, coder, embedded } = plan;
  const { windowLength } = plan.grid;
  return negativeLadder(
    cache,
    { latent, windowLength, train: [] },
    {
      kinds,
      count,
      seed,
      coder,
      embedded,
      allowed: (place) => allowed(place) && !firing.has(tokenKeys(cache, [place])[0]),
    },
  );
}

function placeOf({ context, start, tokens }: Window): Place {
  return { context, start, end: start + tokens.length };
}

/** Cuts ranked windows into quantiles of equal count, and these by part. */
function poolByPart(
  ranked: readonly FiringWindow[],
  partOf: (place: Place) => Part | undefined,
  { quantiles }: SamplingPlan,
): Record<Part, Pool> {
  const empty = () => Array.from({ length: quantiles }, (): FiringWindow[] => []);
  const pool = { train: empty(), select: empty(), calibrate: empty(), test: empty() };
  ranked.forEach((window, rank) => {
    const part = partOf(window);
    if (part) pool[part][Math.floor((rank * quantiles) / ranked.length)].push(window);
  });
  return pool;
}

/** Examples of each part; a window that nearly equals one of a part before it is passed over. */
function choosePlaces(
  pool: Record<Part, Pool>,
  { cache, plan, random }: { cache: LatentCache; plan: SamplingPlan; random: Random },
) {
  const tokensOf = ({ context, start, end }: Place) => cache.tokens(context).subarray(start, end);
  const before = new NearIndex();
  const isNear = (place: Place) => before.has(tokensOf(place));
  const remember = <T extends Place>(places: readonly T[]) => {
    for (const place of places) before.add(tokensOf(place));
    return places;
  };
  const choose = (part: Part) =>
    fromEachQuantile(pool[part], plan[part], {
      random: random.fork(part),
      allowed: (place) => !isNear(place),
    });
  const chosen: Record<Part, readonly Ranked[]> = {
    train: remember(trainWindows(pool.train, plan, random.fork("train"))),
    select: remember(choose("select")),
    calibrate: remember(choose("calibrate")),
    test: choose("test"),
  };
  return { chosen, isNear, remember };
}

/** Distinct windows, strongest first; the tokens of all windows; and which share of the cache's windows these are. */
function distinctWindows(
  cache: LatentCache,
  rows: LatentActivations,
  { grid, placement, maxWindows }: SamplingPlan,
): { ranked: FiringWindow[]; keys: Set<number>; firingRate: number } {
  const found = placement === "centred" ? centredWindows(rows, grid) : windows(rows, grid);
  const keyOf = tokenKeys(cache, found);
  const keys = new Set<number>();
  const ranked: FiringWindow[] = [];
  for (const i of strongestFirstOrder(found)) {
    const known = keys.size;
    if (keys.add(keyOf[i]).size > known && known < maxWindows) ranked.push(found[i]);
  }
  const firingRate = found.length / (cache.contextCount * tilesPerContext(grid, placement));
  return { ranked, keys, firingRate };
}

function neverFires(cache: LatentCache, latent: Latent): TooFewWindowsError {
  return new TooFewWindowsError(
    `Cannot sample examples of ${latentName(latent)}: it never fires in ${cache.tokenCount} tokens; choose one of cache.live() or cache more text`,
  );
}

function tooFew(latent: Latent, found: number, plan: SamplingPlan): TooFewWindowsError {
  const asked = parts.filter((part) => plan[part] > 0).map((part) => `${plan[part]} ${part}`);
  const wanted =
    found < plan.minWindows
      ? `${plan.minWindows} are wanted`
      : `they cannot fill ${asked.join(", ")} examples from different documents`;
  return new TooFewWindowsError(
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
