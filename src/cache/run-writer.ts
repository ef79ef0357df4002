import type { SparseActivations } from "../sparse/sparse-activations.js";
import { RowBuffer } from "./row-buffer.js";
import { findRuns, RunReader, verifyRuns, writeRun } from "./run-file.js";

export interface RunWriterOptions {
  dSae: number;
  contextLength: number;
  /** 1 where position 0 is left out, else 0. */
  firstPosition: number;
  contextsPerRun: number;
  /** A run of a dense coder ends here, so that its rows fit in memory: 24 bytes each while they are sorted. */
  rowsPerRun: number;
}

/** Takes the rows of consecutive contexts and writes a run whenever one is full. Begins behind the finished runs. */
export class RunWriter {
  readonly #directory: string;
  readonly #options: RunWriterOptions;
  readonly #buffer: RowBuffer;
  #written: number;
  #contexts: number;

  constructor(directory: string, options: RunWriterOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#buffer = new RowBuffer(options.dSae);
    const runs = findRuns(directory, options.dSae);
    verifyRuns(runs);
    for (const run of runs) {
      const reader = new RunReader(run, options.dSae);
      this.#buffer.markFired(reader.offsets(0, options.dSae));
      reader.close();
    }
    this.#written = runs.at(-1)?.end ?? 0;
    this.#contexts = this.#written;
  }

  /** Number of contexts taken so far, finished runs included. */
  get contexts(): number {
    return this.#contexts;
  }

  /** Number of latents that have fired so far. */
  get fired(): number {
    return this.#buffer.fired;
  }

  /** Where the current run ends at the latest. */
  get runEnd(): number {
    return this.#written + this.#options.contextsPerRun;
  }

  /** Takes the rows of the next `contexts` contexts. */
  add(rows: SparseActivations, contexts: number): void {
    const { contextLength, firstPosition } = this.#options;
    this.#buffer.add(rows, { firstContext: this.#contexts, contextLength, firstPosition });
    this.#contexts += contexts;
    if (this.#contexts >= this.runEnd || this.#buffer.rows >= this.#options.rowsPerRun) this.flush();
  }

  /** Writes what is in no run yet. */
  flush(): void {
    if (this.#contexts === this.#written) return;
    writeRun(this.#directory, this.#written, this.#contexts, this.#buffer.group());
    this.#written = this.#contexts;
    this.#buffer.clear();
  }
}
