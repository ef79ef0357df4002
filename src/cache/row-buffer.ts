import type { SparseActivations } from "../sparse/sparse-activations.js";
import { type GroupedRows, groupByLatent } from "./grouped-rows.js";

/** Where the rows of one batch lie in the cache. */
export interface BatchPlace {
  /** Index of the batch's first context in the cache. */
  firstContext: number;
  contextLength: number;
  /** Rows before this position of a context are left out: 1 drops BOS. */
  firstPosition: number;
}

/**
 * Collects rows (latent, position, activation) in typed arrays until a run is written. Only positive
 * activations are kept: a latent fires where it is above 0. (Neurons may be negative; the paper's code
 * keeps those and counts them nowhere.)
 */
export class RowBuffer {
  readonly #dSae: number;
  #latents = new Uint32Array(1 << 16);
  #positions = new Uint32Array(1 << 16);
  #activations = new Float32Array(1 << 16);
  #rows = 0;
  /** 1 for each latent that has fired, also in rows that were cleared. */
  readonly #hasFired: Uint8Array;
  #fired = 0;

  constructor(dSae: number) {
    this.#dSae = dSae;
    this.#hasFired = new Uint8Array(dSae);
  }

  /** Number of latents that have fired since the beginning. */
  get fired(): number {
    return this.#fired;
  }

  /** Counts the latents that have rows in a run of an earlier call. */
  markFired(offsets: Uint32Array): void {
    for (let latent = 0; latent < this.#dSae; latent++) {
      if ((offsets[latent + 1] as number) > (offsets[latent] as number)) this.#mark(latent);
    }
  }

  #mark(latent: number): void {
    if (this.#hasFired[latent] === 1) return;
    this.#hasFired[latent] = 1;
    this.#fired++;
  }

  get rows(): number {
    return this.#rows;
  }

  /** @throws {RangeError} If an activation is NaN or infinite, or a latent is not below `dSae`. */
  add({ latents, positions, values }: SparseActivations, place: BatchPlace): void {
    this.#reserve(values.length);
    const { contextLength, firstPosition } = place;
    const base = place.firstContext * contextLength;
    const [dSae, hasFired] = [this.#dSae, this.#hasFired];
    const [latentsOut, positionsOut, activationsOut] = [this.#latents, this.#positions, this.#activations];
    let row = this.#rows;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const latent = latents[i] as number;
      const position = positions[i] as number;
      if (!(value > 0 && value < Number.POSITIVE_INFINITY && latent < dSae)) {
        if (value <= 0 && latent < dSae) continue;
        throw badRow(value, latent, base + position, dSae, contextLength);
      }
      if (firstPosition > 0 && position % contextLength < firstPosition) continue;
      latentsOut[row] = latent;
      positionsOut[row] = base + position;
      activationsOut[row++] = value;
      if (hasFired[latent] === 0) this.#mark(latent);
    }
    this.#rows = row;
  }

  /** The rows so far, by latent. */
  async group(): Promise<GroupedRows> {
    return await groupByLatent(this.#dSae, {
      latents: this.#latents.subarray(0, this.#rows),
      positions: this.#positions.subarray(0, this.#rows),
      activations: this.#activations.subarray(0, this.#rows),
    });
  }

  clear(): void {
    this.#rows = 0;
  }

  #reserve(rows: number): void {
    const wanted = this.#rows + rows;
    if (wanted <= this.#latents.length) return;
    const size = Math.max(wanted, 2 * this.#latents.length);
    const latents = new Uint32Array(size);
    latents.set(this.#latents);
    const positions = new Uint32Array(size);
    positions.set(this.#positions);
    const activations = new Float32Array(size);
    activations.set(this.#activations);
    this.#latents = latents;
    this.#positions = positions;
    this.#activations = activations;
  }
}

function badRow(value: number, latent: number, at: number, dSae: number, contextLength: number): RangeError {
  const where = `context ${Math.floor(at / contextLength)}, position ${at % contextLength}`;
  if (latent >= dSae)
    return new RangeError(
      `Cannot cache latent ${latent} at ${where}: the coder has latents 0 to ${dSae - 1}`,
    );
  return new RangeError(
    `Cannot cache latent ${latent} at ${where}: its activation is ${value}, and a finite number is wanted; check the files of model and coder`,
  );
}
