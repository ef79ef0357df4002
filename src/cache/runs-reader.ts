import type { LatentActivations, LatentRows, RowStatistics } from "./latent-rows.js";
import { latentStatistics } from "./latent-statistics.js";
import { type Run, RunReader } from "./run-file.js";

/**
 * Reads the finished runs of a cache that is still being filled: a latent by three reads in each of them. The runs stay
 * open, so they are read to the end even when they have been grouped and deleted meanwhile.
 */
export class RunsReader implements LatentRows {
  readonly rows: number;
  readonly #readers: RunReader[] = [];
  #closed = false;
  readonly #contextLength: number;
  readonly #counts: Uint32Array;

  constructor(runs: readonly Run[], { dSae, contextLength }: { dSae: number; contextLength: number }) {
    this.rows = runs.reduce((sum, run) => sum + run.rows, 0);
    this.#contextLength = contextLength;
    this.#counts = new Uint32Array(dSae);
    try {
      for (const run of runs) this.#readers.push(new RunReader(run, dSae));
      for (const reader of this.#readers) addCounts(this.#counts, reader.offsets(0, dSae));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  count(latent: number): number {
    return this.#counts[latent] as number;
  }

  statistics(latent: number): RowStatistics {
    const { positions, activations } = this.read(latent);
    const range = { from: 0, to: positions.length };
    return latentStatistics({ positions, activations }, range, { contextLength: this.#contextLength });
  }

  read(latent: number): LatentActivations {
    if (this.#closed) {
      throw new Error(`Cannot read latent ${latent}: the unfinished cache is closed; open it again`);
    }
    const count = this.count(latent);
    const rows = { positions: new Uint32Array(count), activations: new Float32Array(count) };
    let at = 0;
    for (const reader of this.#readers) {
      const [from, to] = reader.offsets(latent, latent + 1) as unknown as [number, number];
      rows.positions.set(reader.positions(from, to), at);
      rows.activations.set(reader.activations(from, to), at);
      at += to - from;
    }
    return rows;
  }

  close(): void {
    if (!this.#closed) for (const reader of this.#readers) reader.close();
    this.#closed = true;
  }
}

/** Adds to each latent's count its rows in one run. */
function addCounts(counts: Uint32Array, offsets: Uint32Array): void {
  for (let i = 0; i < counts.length; i++) {
    (counts[i] as number) += (offsets[i + 1] as number) - (offsets[i] as number);
  }
}
