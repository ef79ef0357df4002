/**
 * Stacks of errors with the places where the user typed the code, for whoever reads `error.stack`: `console.error()`,
 * an error as a result or in a table, and the traceback.
 */
import { fileURLToPath } from "node:url";
import { importedSource } from "./imported-source.js";
import type { Position } from "./source-edits.js";

/** What is remembered of a cell for the sake of its errors. */
export interface CellSource {
  readonly text: string;
  /** Moves a position of the code that ran to the text. */
  readonly original: (position: Position) => Position;
}

/** Cells by file name, e.g. `cell-3.ts`. */
export type CellSources = ReadonlyMap<string, CellSource>;

/** A place in a cell, or in a TypeScript file that one imported. */
export interface TypedPlace {
  /** As the stack has it: file, line and column. */
  readonly whole: string;
  /** Name of the cell, or URL of the file. */
  readonly file: string;
  readonly position: Position;
  readonly source: CellSource | undefined;
}

const typedPlace = /\b((?:cell|silent)-\d+\.ts|file:\/\/[^\s()?]+\.m?ts\?changed=[\d.]+):(\d+):(\d+)/;
const kernelFolder = new URL(".", import.meta.url);
const kernelFrames = ["node:vm", kernelFolder.href, fileURLToPath(kernelFolder)];

/** The place that a frame of a stack names, if it is the user's. */
export function placeInFrame(frame: string, cells: CellSources): TypedPlace | undefined {
  const [whole, file = "", line, column] = typedPlace.exec(frame) ?? [];
  if (!whole) return undefined;
  const source = file.startsWith("file:") ? importedSource(file) : cells.get(file);
  return { whole, file, position: { line: Number(line), column: Number(column) }, source };
}

/** Makes all stacks of this thread name the places as typed, without the kernel's frames. */
export function mapStacks(cells: CellSources): void {
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.map((site) => `    at ${site}`);
    return [headOf(error), ...typedFrames(frames, cells)].join("\n");
  };
}

function typedFrames(frames: readonly string[], cells: CellSources): string[] {
  const others = frames.filter((frame) => !kernelFrames.some((own) => frame.includes(own)));
  const mapped = others.flatMap((frame) => {
    const place = placeInFrame(frame, cells);
    if (!place?.source) return [frame];
    const { file, whole, source, position } = place;
    const { line, column } = source.original(position);
    const isWrapper = line > source.text.split("\n").length;
    return isWrapper ? [] : [frame.replace(whole, `${file}:${line}:${column}`)];
  });
  // What called the kernel is Node's event loop.
  const last = others.length < frames.length ? mapped.findLastIndex((frame) => !/\bnode:/.test(frame)) : -1;
  return last < 0 ? mapped : mapped.slice(0, last + 1);
}

/** As Node writes it. */
function headOf(error: Error & { readonly code?: unknown }): string {
  try {
    const isNodes = typeof error.code === "string" && error.code.startsWith("ERR_");
    return isNodes ? `${error.name} [${error.code}]: ${error.message}` : Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
