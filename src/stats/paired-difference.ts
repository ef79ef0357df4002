import { type ClusteredMean, clusteredMean } from "./clustered-mean.js";

/**
 * Mean difference of two conditions on the same units, first minus second, with its 95 % interval by Student's t of the
 * differences, which holds its level for few units, too. The latent is the unit where conditions are compared over latents.
 *
 * @throws {RangeError} If the lists differ in length or are empty.
 */
export function pairedDifference(first: ArrayLike<number>, second: ArrayLike<number>): ClusteredMean {
  if (first.length !== second.length || first.length === 0) {
    throw new RangeError(`Cannot pair ${first.length} numbers with ${second.length}`);
  }
  const differences = Array.from(first, (number, i) => number - second[i]);
  return clusteredMean(differences, [...differences.keys()]);
}
