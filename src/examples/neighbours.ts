import type { SparseCoder } from "../sparse/sparse-coder.js";
import { dot } from "../stats/dot.js";

/** A latent that resembles another one. */
export interface Neighbour {
  readonly index: number;
  /** Cosine of two directions, in [-1, 1], or share of common positions, in [0, 1]. */
  readonly similarity: number;
}

export interface NeighboursOptions {
  /** How many. Default: 5. */
  count?: number | undefined;
  /** `decoder`: what a latent writes; `encoder`: what it reads. Default: `decoder`. */
  by?: "decoder" | "encoder" | undefined;
}

/** A coder as far as its directions go. */
export type Directions = Pick<SparseCoder, "name" | "dSae" | "decoderRow"> & {
  readonly encoderRow?: (index: number) => Float32Array;
};

/**
 * The latents whose directions are nearest by cosine, best first, itself excluded: what a latent may be confused with.
 * Of equal cosines the lower index comes first; a row of zeros is nobody's neighbour. Reads each row once and keeps
 * `count` of them, never all pairs.
 *
 * @throws {RangeError} If there is no such latent, or the coder has no encoder.
 */
export function neighbours(coder: Directions, index: number, options: NeighboursOptions = {}): Neighbour[] {
  const { count = 5, by = "decoder" } = options;
  if (!Number.isInteger(index) || index < 0 || index >= coder.dSae) {
    throw new RangeError(
      `Cannot find neighbours of latent ${index} of "${coder.name}": it has latents 0 to ${coder.dSae - 1}`,
    );
  }
  const rowOf = rowsOf(coder, by);
  const row = rowOf(index);
  const length = Math.sqrt(dot(row, row));
  const nearest = new Nearest(count);
  for (let other = 0; other < coder.dSae; other++) {
    if (other === index) continue;
    const its = rowOf(other);
    const lengths = length * Math.sqrt(dot(its, its));
    if (lengths > 0) nearest.offer({ index: other, similarity: dot(row, its) / lengths });
  }
  return nearest.list;
}

function rowsOf(coder: Directions, by: "decoder" | "encoder"): (index: number) => Float32Array {
  if (by === "decoder") return (index) => coder.decoderRow(index);
  const { encoderRow } = coder;
  if (encoderRow) return (index) => encoderRow.call(coder, index);
  throw new RangeError(
    `Cannot find neighbours by encoder of "${coder.name}": it has no encoder directions; ask for those by decoder`,
  );
}

/** The few best of many, best first; of equal ones those offered first. */
export class Nearest {
  readonly list: Neighbour[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  offer(neighbour: Neighbour): void {
    const { list } = this;
    if (list.length === this.#count && !(neighbour.similarity > (list.at(-1)?.similarity ?? 1))) return;
    const at = list.findIndex(({ similarity }) => similarity < neighbour.similarity);
    list.splice(at < 0 ? list.length : at, 0, neighbour);
    if (list.length > this.#count) list.pop();
  }
}
