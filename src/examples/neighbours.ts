import type { SparseCoder } from "../sparse/sparse-coder.js";

/** A latent whose decoder row points in a similar direction. */
export interface Neighbour {
  readonly index: number;
  /** Cosine of the two decoder rows, in [-1, 1]. */
  readonly cosine: number;
}

/**
 * The nearest decoder rows of a latent by cosine, best first, itself excluded: what it may be confused with. Of equal
 * cosines the lower index comes first; a row of zeros is nobody's neighbour.
 *
 * @throws {RangeError} If there is no such latent.
 */
export function neighbours(
  coder: Pick<SparseCoder, "name" | "dSae" | "decoderRow">,
  index: number,
  { count = 5 }: { count?: number } = {},
): Neighbour[] {
  if (!Number.isInteger(index) || index < 0 || index >= coder.dSae) {
    throw new RangeError(
      `Cannot find neighbours of latent ${index} of "${coder.name}": it has latents 0 to ${coder.dSae - 1}`,
    );
  }
  const row = coder.decoderRow(index);
  const length = Math.sqrt(dot(row, row));
  const found: Neighbour[] = [];
  for (let other = 0; other < coder.dSae; other++) {
    if (other === index) continue;
    const its = coder.decoderRow(other);
    const lengths = length * Math.sqrt(dot(its, its));
    if (lengths === 0) continue;
    const cosine = dot(row, its) / lengths;
    if (found.length === count && cosine <= (found.at(-1)?.cosine ?? 1)) continue;
    const at = found.findIndex((neighbour) => neighbour.cosine < cosine);
    found.splice(at < 0 ? found.length : at, 0, { index: other, cosine });
    if (found.length > count) found.pop();
  }
  return found;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
