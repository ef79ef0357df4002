import { bootstrap } from "./bootstrap.js";
import type { Estimate } from "./estimate.js";
import { correlation, type PairMoments, pooled } from "./pair-moments.js";

/**
 * Pearson's correlation of all pairs of all groups together, with a 95 % interval by bootstrap over the groups: pairs of one
 * group (tokens of a window) are not independent, and Fisher's interval of as many pairs is far too narrow.
 *
 * @returns `undefined` where one side does not vary. Of a single group the interval is [-1, 1].
 */
export function pooledCorrelation(groups: readonly PairMoments[]): Estimate | undefined {
  const value = correlation(pooled(groups));
  if (Number.isNaN(value)) return undefined;
  if (groups.length === 1) return { value, interval: [-1, 1] };
  const { interval } = bootstrap(groups, (drawn) => correlation(pooled(drawn)));
  return { value, interval };
}
