import { type BootstrapEstimate, type BootstrapOptions, bootstrap } from "./bootstrap.js";

/**
 * Mean difference of two conditions on the same units, first minus second, with its bootstrap interval over the units.
 * The latent is the unit where conditions are compared over latents.
 *
 * @throws {RangeError} If the lists differ in length or are empty.
 */
export function pairedBootstrap(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: Omit<BootstrapOptions<unknown>, "cluster" | "stratum"> = {},
): BootstrapEstimate {
  if (first.length !== second.length || first.length === 0) {
    throw new RangeError(`Cannot pair ${first.length} numbers with ${second.length}`);
  }
  const differences = Array.from(first, (number, i) => number - second[i]);
  return bootstrap(
    differences,
    (list) => list.reduce((sum, number) => sum + number, 0) / list.length,
    options,
  );
}
