import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { CellSyntaxError } from "./cell-error.js";
import { codeFrame, type Place } from "./code-frame.js";
import type { ErrorReport } from "./executor.js";
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

/** A cell, or a TypeScript file that one imported. */
const typedFrame =
  /\b((?:cell|silent)-\d+\.ts):(\d+):(\d+)|(file:\/\/[^\s()?]+\.m?ts\?changed=[\d.]+):(\d+):(\d+)/;
/** Where the kernel's own frames begin. */
const kernelFolder = new URL(".", import.meta.url);
const kernelFrames = ["node:vm", kernelFolder.href, fileURLToPath(kernelFolder)];
/** Errors of an `AggregateError` that are shown. */
const maxErrors = 5;

/** Describes an error: message, the line that threw it, the frames that are the user's, and what caused it. */
export function describeError(error: unknown, cells: CellSources, cell?: string): ErrorReport {
  const traceback = linesOf(error, cells, { cell, seen: new Set() });
  return { ename: nameOf(error), evalue: messageOf(error), traceback };
}

function linesOf(
  error: unknown,
  cells: CellSources,
  { cell, seen }: { readonly cell?: string | undefined; readonly seen: Set<unknown> },
): string[] {
  seen.add(error);
  const frames = framesOf(error, cells);
  const place = placeOf(error, cell, cells) ?? frames.find((frame) => frame.place);
  const lines = [`${red(nameOf(error))}: ${messageOf(error)}`];
  if (place?.place) lines.push(...codeFrame(place.source, place.place));
  lines.push(...frames.map(({ text }) => text));
  const behind = causesOf(error).filter(([, cause]) => !seen.has(cause));
  for (const [lead, cause] of behind) {
    const [first, ...rest] = linesOf(cause, cells, { seen });
    lines.push(`${lead} ${first}`, ...rest);
  }
  return lines;
}

function causesOf(error: unknown): [lead: string, cause: unknown][] {
  if (!(error instanceof Error)) return [];
  const errors: unknown[] = error instanceof AggregateError ? error.errors.slice(0, maxErrors) : [];
  const cause = error.cause === undefined ? [] : [error.cause];
  return [
    ...errors.map((one): [string, unknown] => ["Among them", one]),
    ...cause.map((one): [string, unknown] => ["Caused by", one]),
  ];
}

interface Frame {
  readonly text: string;
  readonly source: string;
  /** Where in `source`; absent for code of others. */
  readonly place?: Place;
}

function placeOf(error: unknown, cell: string | undefined, cells: CellSources): Frame | undefined {
  if (!(error instanceof CellSyntaxError) || !cell) return undefined;
  return { text: "", source: cells.get(cell)?.text ?? "", place: { file: cell, ...error.position } };
}

/** Frames of the user's code, in positions of the text as typed. */
function framesOf(error: unknown, cells: CellSources): Frame[] {
  if (!(error instanceof Error) || error instanceof CellSyntaxError || typeof error.stack !== "string")
    return [];
  const frames = error.stack.split("\n").filter((line) => /^\s+at /.test(line));
  const end = frames.findIndex((line) => kernelFrames.some((own) => line.includes(own)));
  return frames
    .slice(0, end < 0 ? frames.length : end)
    .filter((line) => !/\bnode:/.test(line))
    .map((line) => frameOf(line, cells))
    .filter(({ source, place }) => !place || place.line <= source.split("\n").length); // not the wrapper's call
}

function frameOf(line: string, cells: CellSources): Frame {
  const match = typedFrame.exec(line);
  if (!match) return { text: line, source: "" };
  const [whole, cell, row, column, url, fileRow, fileColumn] = match;
  const source = url ? importedSource(url) : cells.get(cell ?? "");
  const file = url ? relative(process.cwd(), fileURLToPath(url)) : (cell ?? "");
  if (!source) return { text: url ? line.replace(url, file) : line, source: "" };
  const at = source.original({ line: Number(row ?? fileRow), column: Number(column ?? fileColumn) });
  const text = line.replace(whole, `${file}:${at.line}:${at.column}`);
  return { text, source: source.text, place: { file, ...at } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}

function nameOf(error: unknown): string {
  if (error instanceof Error) return error.name;
  return error === null || error === undefined ? String(error) : (error.constructor?.name ?? typeof error);
}

function red(text: string): string {
  return `\u001b[31m${text}\u001b[39m`;
}
