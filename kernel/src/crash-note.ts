import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

interface Note {
  readonly pid: number;
  /** The cell that runs, by its number. */
  readonly cell?: number;
  /** Share of V8's heap that was in use when somebody last looked. */
  readonly heap?: number;
}

/** Above this share of the heap, a death was most likely a lack of memory. */
const full = 0.7;

/**
 * A file beside the connection file that is there while a kernel runs. A kernel that crashes cannot remove it, so the
 * one that Jupyter starts in its place, with the same connection file, finds it and can say what happened.
 */
export class CrashNote {
  readonly #path: string;
  #note: Note = { pid: process.pid };

  /** @param connectionFile Path of the connection file. */
  constructor(connectionFile: string) {
    this.#path = join(dirname(connectionFile), `.saelab-${basename(connectionFile)}`);
  }

  /** One sentence on the kernel before this one, if that crashed. */
  lastWords(): string | undefined {
    try {
      const { pid, cell, heap = 0 } = JSON.parse(readFileSync(this.#path, "utf8")) as Note;
      if (pid === process.pid) return undefined;
      const where = cell === undefined ? "while no cell ran" : `in cell ${cell}`;
      const why =
        heap > full
          ? "it ran out of memory (set NODE_OPTIONS=--max-old-space-size=MEGABYTES to give it more)"
          : "native code crashed, or the system ended it, maybe for want of memory; Jupyter's log has more";
      return `The kernel before this one died ${where}: ${why}. Its variables are lost: run the cells again.`;
    } catch {
      return undefined;
    }
  }

  /** Notes that a cell starts, or that none runs. */
  running(cell: number | undefined): void {
    this.#note = { pid: process.pid, ...(cell !== undefined && { cell }) };
    this.#write();
  }

  /** Notes how full the heap is. */
  heap(share: number): void {
    this.#note = { ...this.#note, heap: share };
    this.#write();
  }

  /** Removes the note: the end is as it should be. */
  erase(): void {
    rmSync(this.#path, { force: true });
  }

  /** Synchronously, as the next moment may be the last; a full disk is no reason to stop a cell. */
  #write(): void {
    try {
      writeFileSync(this.#path, JSON.stringify(this.#note), { mode: 0o600 });
    } catch {
      // Then there will be no last words.
    }
  }
}
