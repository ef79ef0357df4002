import { inspect } from "node:util";
import { CellSyntaxError } from "./cell-error.js";
import { codeFrame, type Place } from "./code-frame.js";
import type { ErrorReport } from "./executor.js";
import type { Position } from "./source-edits.js";

/** What is remembered of a cell for the sake of its errors. */
export interface CellSource {
  readonly text: string;
  /** Moves a position of the code that ran to the text. */
  readonly original: (position: Position) => Position;
}

/** Cells by file name, e.g. `cell-3.ts`. */
export type CellSources = ReadonlyMap<string, CellSource>;

const frameOfCell = /\b((?:cell|silent)-\d+\.ts):(\d+):(\d+)/;
/** Where the kernel's own frames begin. */
const kernelFrame = /node:vm|\/kernel\/(dist|src)\//;

/** Describes an error: message, the line of the cell that threw it, and the frames that are the user's. */
export function describeError(error: unknown, cells: CellSources, cell?: string): ErrorReport {
  const ename = nameOf(error);
  const evalue = error instanceof Error ? error.message : inspect(error);
  const frames = framesOf(error, cells);
  const place = placeOf(error, frames, cell);
  const source = place && cells.get(place.file);
  const lines = [`${red(ename)}: ${evalue}`];
  if (place && source) lines.push(...codeFrame(source.text, place));
  lines.push(...frames);
  if (error instanceof Error && error.cause !== undefined) {
    lines.push(
      ...describeError(error.cause, cells).traceback.map((line, i) => (i === 0 ? `Caused by ${line}` : line)),
    );
  }
  return { ename, evalue, traceback: lines };
}

function placeOf(error: unknown, frames: readonly string[], cell: string | undefined): Place | undefined {
  if (error instanceof CellSyntaxError && cell) return { file: cell, ...error.position };
  for (const frame of frames) {
    const match = frameOfCell.exec(frame);
    if (match?.[1]) return { file: match[1], line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}

/** Frames of the user's code, in positions of the text as typed. */
function framesOf(error: unknown, cells: CellSources): string[] {
  if (!(error instanceof Error) || error instanceof CellSyntaxError || typeof error.stack !== "string")
    return [];
  const frames = error.stack.split("\n").filter((line) => /^\s+at /.test(line));
  const end = frames.findIndex((line) => kernelFrame.test(line));
  return frames
    .slice(0, end < 0 ? frames.length : end)
    .filter((line) => !line.includes("node:internal"))
    .map((line) =>
      line.replace(frameOfCell, (whole, file: string, row: string, column: string) => {
        const at = cells.get(file)?.original({ line: Number(row), column: Number(column) });
        return at ? `${file}:${at.line}:${at.column}` : whole;
      }),
    );
}

function nameOf(error: unknown): string {
  if (error instanceof Error) return error.name;
  return error === null || error === undefined ? String(error) : (error.constructor?.name ?? typeof error);
}

function red(text: string): string {
  return `\u001b[31m${text}\u001b[39m`;
}
