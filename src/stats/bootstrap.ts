/**
 * Bootstrap intervals of any statistic: draw as many units as there are, with replacement, compute the statistic,
 * many times over. What is drawn must be independent: judgements on windows of one document are not, so clusters
 * are drawn whole. Where the sizes of classes were chosen, each class is drawn for itself (strata).
 */
import { type Random, seededRandom } from "../random.js";
import type { Estimate } from "./estimate.js";
import { normalCdf, normalQuantile } from "./normal.js";
import { quantile } from "./quantile.js";

export interface BootstrapOptions<T> {
  /** Units with equal keys are drawn together. Default: each for itself. */
  cluster?: ((unit: T) => number | string) | undefined;
  /** Units with equal keys are drawn from each other only; a cluster in two strata counts as two. Default: one for all. */
  stratum?: ((unit: T) => number | string | boolean) | undefined;
  /** `bca` corrects for bias and skew; `percentile` takes the middle of the resamples. Default: `bca`. */
  method?: "bca" | "percentile" | undefined;
  /** Number of resamples. Default: 2,000. */
  resamples?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
  /** Default: 0.95. */
  level?: number | undefined;
}

export interface BootstrapEstimate extends Estimate {
  /** Standard deviation of the statistic over the resamples. */
  readonly standardError: number;
  /** Share of the resamples on which the statistic was a number; the others are left out. */
  readonly defined: number;
}

/**
 * A statistic of units with its bootstrap interval. The same units, options and seed give the same interval.
 *
 * @throws {RangeError} If there are no units, or the statistic is NaN on them or on half of the resamples.
 * @see Efron 1987 (BCa); Davison and Hinkley 1997, 5.3 and 3.2 (acceleration with strata, as in scipy for several samples).
 */
export function bootstrap<T>(
  units: readonly T[],
  statistic: (units: readonly T[]) => number,
  options: BootstrapOptions<T> = {},
): BootstrapEstimate {
  const { method = "bca", resamples = 2000, seed = 22, level = 0.95 } = options;
  const value = statistic(units);
  if (units.length === 0 || Number.isNaN(value)) {
    throw new RangeError(`Cannot bootstrap ${units.length} units: the statistic must be a number on them`);
  }
  const strata = clustersByStratum(units, options);
  const random = seededRandom(seed).fork("bootstrap");
  const all = Array.from({ length: resamples }, () => statistic(resample(strata, random)));
  const values = all.filter((number) => !Number.isNaN(number));
  if (2 * values.length < resamples) {
    throw new RangeError(
      `Cannot bootstrap ${units.length} units: the statistic is a number on ${values.length} of ${resamples} resamples; give more units or strata`,
    );
  }
  const at = method === "bca" ? adjustment(value, values, strata, statistic) : (p: number) => p;
  const limits = [(1 - level) / 2, (1 + level) / 2].map((p) => quantile(values, at(p)));
  return {
    value,
    interval: [limits[0], limits[1]],
    standardError: spread(values),
    defined: values.length / resamples,
  };
}

/** Strata of clusters of units. */
type Strata<T> = readonly (readonly (readonly T[])[])[];

function clustersByStratum<T>(units: readonly T[], { cluster, stratum }: BootstrapOptions<T>): Strata<T> {
  const strata = new Map<unknown, Map<unknown, T[]>>();
  units.forEach((unit, i) => {
    const key = stratum?.(unit) ?? "";
    const clusters = strata.get(key) ?? new Map<unknown, T[]>();
    strata.set(key, clusters);
    const name = cluster ? cluster(unit) : i;
    const members = clusters.get(name) ?? [];
    clusters.set(name, members);
    members.push(unit);
  });
  return [...strata.values()].map((clusters) => [...clusters.values()]);
}

function resample<T>(strata: Strata<T>, random: Random): T[] {
  const drawn: T[] = [];
  for (const clusters of strata) {
    for (let i = 0; i < clusters.length; i++) {
      for (const unit of clusters[random.integer(clusters.length)]) drawn.push(unit);
    }
  }
  return drawn;
}

/** Where in the sorted resamples a quantile is read: bias from their median, skew from leaving clusters out. */
function adjustment<T>(
  value: number,
  values: readonly number[],
  strata: Strata<T>,
  statistic: (units: readonly T[]) => number,
): (p: number) => number {
  const below = values.filter((number) => number < value).length;
  const equal = values.filter((number) => number === value).length;
  const bias = normalQuantile((below + equal / 2) / values.length);
  const skew = acceleration(strata, statistic);
  if (!Number.isFinite(bias)) return (p) => p;
  return (p) => {
    const z = bias + normalQuantile(p);
    return normalCdf(bias + z / (1 - skew * z));
  };
}

function acceleration<T>(strata: Strata<T>, statistic: (units: readonly T[]) => number): number {
  let [cubes, squares] = [0, 0];
  strata.forEach((clusters, s) => {
    if (clusters.length < 2) return;
    const others = strata.filter((_, i) => i !== s).flat(2);
    const without = clusters.map((_, left) =>
      statistic([...others, ...clusters.filter((_, i) => i !== left).flat()]),
    );
    const known = without.filter((number) => !Number.isNaN(number));
    const middle = known.reduce((sum, number) => sum + number, 0) / known.length;
    for (const number of known) {
      const influence = ((clusters.length - 1) * (middle - number)) / clusters.length;
      cubes += influence ** 3;
      squares += influence ** 2;
    }
  });
  return squares > 0 ? cubes / squares ** 1.5 / 6 : 0;
}

function spread(values: readonly number[]): number {
  const middle = values.reduce((sum, number) => sum + number, 0) / values.length;
  const squares = values.reduce((sum, number) => sum + (number - middle) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1));
}
