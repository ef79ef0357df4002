import type { SparseActivations } from "../sparse/sparse-activations.js";
import { RowBuffer } from "./row-buffer.js";
import { findRuns, type Run, RunReader, verifyRuns, writeRun } from "./run-file.js";

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

  private constructor(directory: string, options: RunWriterOptions, runs: readonly Run[]) {
    this.#directory = directory;
    this.#options = options;
    this.#buffer = new RowBuffer(options.dSae);
    for (const run of runs) {
      const reader = new RunReader(run, options.dSae);
      this.#buffer.markFired(reader.offsets(0, options.dSae));
      reader.close();
    }
    this.#written = runs.at(-1)?.end ?? 0;
    this.#contexts = this.#written;
  }

  /** @throws {FileError} If a finished run is damaged. */
  static async open(directory: string, options: RunWriterOptions): Promise<RunWriter> {
    const runs = findRuns(directory, options.dSae);
    await verifyRuns(runs);
    return new RunWriter(directory, options, runs);
  }

  /** Number of contexts taken so far, finished runs included. */
  get contexts(): number {
    return this.#contexts;
  }

  /** Number of latents that have fired so far. */
  get fired(): number {
    return this.#buffer.fired;
  }

  /** Takes the rows of the next contexts, up to `end` (exclusive). */
  async add(rows: SparseActivations, end: number): Promise<void> {
    const { contextLength, firstPosition } = this.#options;
    this.#buffer.add(rows, { firstContext: this.#contexts, contextLength, firstPosition });
    this.#contexts = end;
    const { contextsPerRun, rowsPerRun } = this.#options;
    if (this.#contexts - this.#written >= contextsPerRun || this.#buffer.rows >= rowsPerRun)
      await this.flush();
  }

  /** Writes what is in no run yet. */
  async flush(): Promise<void> {
    if (this.#contexts === this.#written) return;
    const [first, end] = [this.#written, this.#contexts];
    await writeRun(this.#directory, { first, end }, await this.#buffer.group());
    this.#written = this.#contexts;
    this.#buffer.clear();
  }
}
