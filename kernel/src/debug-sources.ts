import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HoistedCell } from "./hoist.js";
import { murmur2 } from "./murmur2.js";
import { prepareCell } from "./prepare-cell.js";
import type { Position } from "./source-edits.js";

/** How a front end finds the path of a cell: prefix, hash of its text, suffix (`debugInfo` of the protocol). */
export const hashSeed = 0xc70f6907;
export const pathPrefix = join(tmpdir(), `saelab-cells-${process.pid}-`);
export const pathSuffix = ".ts";

/** Path that stands for a cell's text. */
export function cellPath(code: string): string {
  return `${pathPrefix}${murmur2(code, hashSeed)}${pathSuffix}`;
}

/** Which text was run under which name, and where its lines went. */
export class DebugSources {
  readonly #codeByName = new Map<string, string>();
  readonly #codeByPath = new Map<string, string>();
  readonly #prepared = new Map<string, HoistedCell>();

  /** Remembers a cell that is about to run, e.g. as `cell-3.ts`. */
  run(name: string, code: string): void {
    this.#codeByName.set(name, code);
  }

  /** Remembers a text that the front end has in a cell; gives its path. */
  dump(code: string): string {
    const path = cellPath(code);
    this.#codeByPath.set(path, code);
    return path;
  }

  /** Path for the front end of a script's URL. */
  pathOf(url: string): string {
    const code = this.#codeByName.get(url);
    return code === undefined ? url.replace(/^file:\/\//, "") : this.dump(code);
  }

  isCell(url: string): boolean {
    return this.#codeByName.has(url);
  }

  /** Text of a path. */
  text(path: string): string | undefined {
    return this.#codeByPath.get(path);
  }

  /** Moves a position of the code that runs (from 0, as V8 counts) to the text as typed (from 1). */
  original(url: string, { lineNumber, columnNumber = 0 }: V8Position): Position {
    const position = { line: lineNumber + 1, column: columnNumber + 1 };
    const code = this.#codeByName.get(url);
    if (code === undefined) return position;
    return this.#prepare(code).original(position);
  }

  /** In how many scripts besides its body a cell runs. */
  functionCount(url: string): number {
    const code = this.#codeByName.get(url);
    return code === undefined ? 0 : this.#prepare(code).functions.length;
  }

  #prepare(code: string): HoistedCell {
    const known = this.#prepared.get(code);
    if (known) return known;
    const prepared = prepareCell(code);
    this.#prepared.set(code, prepared);
    return prepared;
  }
}

/** A position as V8 gives it, from 0. */
export interface V8Position {
  readonly lineNumber: number;
  readonly columnNumber?: number | undefined;
}
