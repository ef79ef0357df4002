import { FileError } from "../errors.js";
import { readJson } from "./array-file.js";

/** `pieces.json`: the text of each id, and the texts that `pieces.u32` refers to. */
interface PieceTable {
  readonly table: readonly string[];
  readonly exceptions: readonly string[];
}

/** @throws {FileError} If the file is not a table of pieces. */
export function readPieceTable(path: string): PieceTable {
  const { table, exceptions } = readJson(path) as Record<string, unknown>;
  const areTexts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((text) => typeof text === "string");
  if (areTexts(table) && areTexts(exceptions)) return { table, exceptions };
  throw new FileError(`Cannot read "${path}": it lists no texts; delete its folder and cache again`, path);
}

/**
 * The text of tokens without a tokenizer. One text per id is not enough: a token may be a part of a
 * character, whose text depends on its neighbours; places where it differs are listed in order as pairs
 * (position counted through all contexts, index of the text).
 */
export class TokenPieces {
  readonly #loadTable: () => PieceTable;
  readonly #loadExceptions: () => Uint32Array;
  #loaded: { readonly pieces: PieceTable; readonly exceptions: Uint32Array } | undefined;

  /** Table and exceptions are read when they are first needed: that takes longer than opening all else. */
  constructor(loadTable: () => PieceTable, loadExceptions: () => Uint32Array) {
    this.#loadTable = loadTable;
    this.#loadExceptions = loadExceptions;
  }

  /** Texts of consecutive tokens, the first of which is at position `base`. */
  of(tokens: Int32Array, base: number): string[] {
    this.#loaded ??= { pieces: this.#loadTable(), exceptions: this.#loadExceptions() };
    const { pieces, exceptions } = this.#loaded;
    const texts = Array.from(tokens, (id) => pieces.table[id] ?? "");
    for (let i = firstFrom(exceptions, base); 2 * i < exceptions.length; i++) {
      const position = (exceptions[2 * i] as number) - base;
      if (position >= tokens.length) break;
      texts[position] = pieces.exceptions[exceptions[2 * i + 1] as number] ?? "";
    }
    return texts;
  }
}

/** Index of the first pair at or after a position, by bisection. */
function firstFrom(pairs: Uint32Array, position: number): number {
  let [low, high] = [0, pairs.length / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pairs[2 * middle] as number) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
