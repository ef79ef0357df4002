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
import type { Example, LatentExamples, Window } from "./example.js";
import { NearIndex } from "./near-index.js";
import { type NegativeWindow, negativeLadder } from "./negative-ladder.js";
import { type Place, readWindow } from "./read-window.js";
import { partShares, type SampleExamplesOptions, type SamplingPlan, samplingPlan } from "./sampling-plan.js";
import { setHash } from "./set-hash.js";
import { silentWindows } from "./silent-windows.js";
import { type Part, parts, splitDocuments } from "./split-documents.js";
import { strongestFirstOrder, tokenKeys } from "./window-order.js";
import { centredWindows, type FiringWindow, windows } from "./windows.js";

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
  const { chosen, silent, contrast, windowCount } = samplePlaces(cache, rows, latent, plan);
  const example = (place: Ranked): Example => {
    return { ...readWindow(cache, place, rows), quantile: place.quantile, peak: place.peak };
  };
  const [train, select, calibrate, test] = parts.map((part) => chosen[part].map(example));
  const [nonActivating, selectNonActivating] = [silent.test, silent.select].map((places) =>
    places.map((place) => readWindow(cache, place, rows)),
  );
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
    windowCount,
    windowLength: plan.grid.windowLength,
    quantiles: plan.quantiles,
    hash: hashOf(cache, latent, [...parts.map((part) => chosen[part]), silent.test, ...further]),
    setHashes: {
      train: setHash(cache, train),
      select: setHash(cache, select),
      calibrate: setHash(cache, calibrate),
      test: setHash(cache, test),
      nonActivating: setHash(cache, nonActivating),
    },
  };
}

/** Where the examples are. */
function samplePlaces(cache: LatentCache, rows: LatentActivations, latent: Latent, plan: SamplingPlan) {
  const { ranked, keys } = distinctWindows(cache, rows, plan);
  if (ranked.length === 0 || keys.size < plan.minWindows) throw tooFew(latent, keys.size, plan);
  const partOf = splitDocuments(cache, { seed: plan.seed, shares: partShares(plan) });
  const pool = poolByPart(ranked, partOf, plan);
  const random = seededRandom(plan.seed).fork(latentName(latent));
  const { chosen, isNear, remember } = choosePlaces(pool, { cache, plan, random });
  const of = (part: Part) => (place: Place) => partOf(place) === part && !isNear(place);
  if (chosen.train.length === 0 || chosen.test.length === 0) throw tooFew(latent, keys.size, plan);
  const silentOf = (part: "select" | "test", count: number) =>
    silentWindows(cache, rows, {
      grid: plan.grid,
      count,
      random: random.fork(part === "test" ? "silent" : `silent ${part}`),
      firing: keys,
      allowed: of(part),
    });
  const contrast = contrastWindows(cache, latent, { plan, firing: keys, allowed: of("train") });
  remember(contrast.map(placeOf));
  const select = remember(silentOf("select", plan.select));
  return {
    chosen,
    contrast,
    silent: { select, test: silentOf("test", plan.nonActivating) },
    windowCount: keys.size,
  };
}

/** Silent windows of train documents, the hardest kind first. */
function contrastWindows(
  cache: LatentCache,
  latent: Latent,
  { plan, firing, ...only }: { plan: SamplingPlan; firing: Set<number>; allowed: (place: Place) => boolean },
): NegativeWindow[] {
  const { contrast: count, contrastKinds: kinds, seed, grid } = plan;
  if (count === 0) return [];
  const { windowLength } = grid;
  const allowed = (place: Place) => only.allowed(place) && !firing.has(tokenKeys(cache, [place])[0]);
  const found = negativeLadder(cache, { latent, windowLength, train: [] }, { kinds, count, seed, allowed });
  return found.slice(0, count);
}

function placeOf({ context, start, tokens }: Window): Place {
  return { context, start, end: start + tokens.length };
}

interface Ranked extends FiringWindow {
  readonly quantile: number;
}

/** Windows of a part, strongest first in each quantile. */
type Pool = readonly (readonly FiringWindow[])[];

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
    train: remember(chooseTrain(pool.train, plan, random.fork("train"))),
    select: remember(choose("select")),
    calibrate: remember(choose("calibrate")),
    test: choose("test"),
  };
  return { chosen, isNear, remember };
}

/** Distinct windows, strongest first; and the tokens of all windows. */
function distinctWindows(
  cache: LatentCache,
  rows: LatentActivations,
  plan: SamplingPlan,
): { ranked: FiringWindow[]; keys: Set<number> } {
  const found = plan.placement === "centred" ? centredWindows(rows, plan.grid) : windows(rows, plan.grid);
  const keyOf = tokenKeys(cache, found);
  const keys = new Set<number>();
  const ranked: FiringWindow[] = [];
  for (const i of strongestFirstOrder(found)) {
    const known = keys.size;
    if (keys.add(keyOf[i]).size > known && known < plan.maxWindows) ranked.push(found[i]);
  }
  return { ranked, keys };
}

function chooseTrain(pool: Pool, plan: SamplingPlan, random: Random): Ranked[] {
  const { train, trainSampling, quantiles } = plan;
  const drawing = { random, allowed: () => true };
  if (trainSampling === "quantiles") return fromEachQuantile(pool, train, drawing);
  if (trainSampling === "mixed") return topAndQuantiles(pool, train, drawing);
  const all = pool.flatMap(withQuantile);
  if (trainSampling === "top") return all.slice(0, train);
  if (trainSampling === "random") return strongestFirst(random.sample(all, train));
  const drawn = drawEvenly(slicesByValue(all, quantiles), train, drawing);
  return strongestFirst(drawn.map(({ window }) => window));
}

/** A fifth the strongest, the others by quantile: the share of the reference implementation's `mix`. */
function topAndQuantiles(pool: Pool, count: number, drawing: Drawing): Ranked[] {
  const top = new Set(pool.flat().slice(0, Math.floor(count / 5)));
  const [strongest, others] = [true, false].map((wanted) =>
    pool.map((slice) => slice.filter((window) => top.has(window) === wanted)),
  );
  const rest = fromEachQuantile(others, count - top.size, drawing);
  return strongestFirst([...strongest.flatMap(withQuantile), ...rest]);
}

/** Slices of equal width by peak activation, the strongest first. */
function slicesByValue(windows: readonly Ranked[], count: number): Ranked[][] {
  const slices = Array.from({ length: count }, (): Ranked[] => []);
  const most = windows[0]?.peak ?? 1;
  for (const window of windows) {
    const slice = Math.floor(count * (1 - window.peak / most));
    slices[Math.min(slice, count - 1)].push(window);
  }
  return slices;
}

function withQuantile(slice: readonly FiringWindow[], quantile: number): Ranked[] {
  return slice.map((window) => ({ ...window, quantile }));
}

interface Drawing {
  random: Random;
  allowed: (place: Place) => boolean;
}

function fromEachQuantile(pool: Pool, count: number, drawing: Drawing): Ranked[] {
  const drawn = drawEvenly(pool, count, drawing);
  return strongestFirst(drawn.map(({ window, slice }) => ({ ...window, quantile: slice })));
}

/**
 * Equal numbers from every slice; the first ones get what does not divide. Where a slice has too few, any others make up
 * for it.
 */
function drawEvenly<T extends FiringWindow>(
  slices: readonly (readonly T[])[],
  count: number,
  { random, allowed }: Drawing,
): { window: T; slice: number }[] {
  const taken = new Set<T>();
  const chosen = slices.flatMap((windows, slice) => {
    const wanted = Math.floor(count / slices.length) + (slice < count % slices.length ? 1 : 0);
    const drawn = draw(windows, wanted, { random: random.fork(slice), allowed, place: (window) => window });
    for (const window of drawn) taken.add(window);
    return drawn.map((window) => ({ window, slice }));
  });
  if (chosen.length === count) return chosen;
  const rest = slices.flatMap((windows, slice) =>
    windows.filter((window) => !taken.has(window)).map((window) => ({ window, slice })),
  );
  const place = ({ window }: { window: T }) => window;
  return [...chosen, ...draw(rest, count - chosen.length, { random: random.fork("rest"), allowed, place })];
}

/** Up to `count` items whose places are allowed, in random order. */
function draw<T>(
  list: readonly T[],
  count: number,
  { random, allowed, place }: Drawing & { place: (item: T) => Place },
): T[] {
  const drawn: T[] = [];
  if (count === 0) return drawn;
  for (const item of random.shuffle(list)) {
    if (allowed(place(item)) && drawn.push(item) === count) break;
  }
  return drawn;
}

function strongestFirst(chosen: Ranked[]): Ranked[] {
  return chosen.sort((a, b) => b.peak - a.peak || a.context - b.context || a.start - b.start);
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
