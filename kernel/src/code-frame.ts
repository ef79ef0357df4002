import type { Position } from "./source-edits.js";

/** A position in a cell or a file. */
export interface Place extends Position {
  /** Name as shown, e.g. `cell-3.ts`. */
  readonly file: string;
}

/** The place, the line there with one before and one after it, and a caret. */
export function codeFrame(text: string, { file, line, column }: Place): string[] {
  const lines = text.split("\n");
  const from = Math.max(1, line - 1);
  const width = String(line + 1).length;
  const shown = lines.slice(from - 1, line + 1).flatMap((content, i) => {
    const number = from + i;
    const row = `${number === line ? ">" : " "} ${String(number).padStart(width)} | ${content}`;
    if (number !== line) return [row];
    return [row, `${" ".repeat(width + 2)} | ${" ".repeat(Math.max(0, column - 1))}^`];
  });
  return [`${file}:${line}:${column}`, ...shown];
}
