import { FileError } from "../errors.js";

/** Where a cell lies in a table of documents. */
export interface CellPlace {
  path: string;
  textKey: string;
  /** Counted from 0. */
  row: number;
}

/** The text in a cell of a table; `undefined` for null. @throws {FileError} If it is anything else. */
export function textOfCell(cell: unknown, { path, textKey, row }: CellPlace): string | undefined {
  if (typeof cell === "string") return cell;
  if (cell === null || cell === undefined) return undefined;
  throw new FileError(
    `Cannot read row ${row} of "${path}": its "${textKey}" is of type ${typeof cell}, and a string is wanted; name another column with textKey`,
    path,
  );
}

export function lacksColumn(path: string, textKey: string, columns: readonly string[]): FileError {
  const found = columns.join(", ").slice(0, 100) || "none";
  return new FileError(
    `Cannot read "${path}": its columns are ${found}, and "${textKey}" is wanted; name another one with textKey`,
    path,
  );
}
