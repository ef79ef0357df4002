import type { SparseCoder } from "../sparse/sparse-coder.js";
import { dot } from "../stats/dot.js";

/**
 * The latent that writes the exact opposite of another's direction, as `identityCoder` has for each of its axes: cosine
 * below -0.999; `undefined` where there is none. Compares with all latents: dSae × d_out products.
 *
 * @throws {RangeError} If there is no such latent.
 */
export function oppositeLatent(
  coder: Pick<SparseCoder, "dSae" | "decoderRow">,
  index: number,
): number | undefined {
  const direction = coder.decoderRow(index);
  const length = Math.sqrt(dot(direction, direction));
  for (let other = 0; other < coder.dSae; other++) {
    const row = coder.decoderRow(other);
    const product = dot(direction, row);
    if (product < 0 && product < -0.999 * length * Math.sqrt(dot(row, row))) return other;
  }
  return undefined;
}
