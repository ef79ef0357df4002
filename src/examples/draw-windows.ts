/** Which windows of a ranked list become examples. */
import type { Random } from "../random.js";
import type { Place } from "./read-window.js";
import type { SamplingPlan } from "./sampling-plan.js";
import type { FiringWindow } from "./windows.js";

/** A window, and its slice by rank: 0 is the strongest. */
export interface Ranked extends FiringWindow {
  readonly quantile: number;
}

/** Windows of a part, strongest first in each quantile. */
export type Pool = readonly (readonly FiringWindow[])[];

/** Windows for explainers, strongest first, as `trainSampling` says. */
export function trainWindows(pool: Pool, plan: SamplingPlan, random: Random): Ranked[] {
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

export interface Drawing {
  random: Random;
  /** What else a window must be. */
  allowed: (place: Place) => boolean;
}

/** As many from each slice as from any other, strongest first. */
export function fromEachQuantile(pool: Pool, count: number, drawing: Drawing): Ranked[] {
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
