import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { CellSyntaxError } from "./cell-error.js";
import { type CellSources, placeInFrame } from "./cell-stacks.js";
import { codeFrame, type Place } from "./code-frame.js";
import type { ErrorReport } from "./executor.js";

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

/** Frames of the user's code; `mapStacks()` has put in the positions as typed. */
function framesOf(error: unknown, cells: CellSources): Frame[] {
  if (!(error instanceof Error) || error instanceof CellSyntaxError || typeof error.stack !== "string")
    return [];
  return error.stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/\bnode:/.test(line))
    .map((line) => frameOf(line, cells));
}

function frameOf(line: string, cells: CellSources): Frame {
  const typed = placeInFrame(line, cells);
  if (!typed) return { text: line, source: "" };
  const { whole, file: name, position, source } = typed;
  const file = name.startsWith("file:") ? relative(process.cwd(), fileURLToPath(name)) : name;
  const text = line.replace(whole, `${file}:${position.line}:${position.column}`);
  return source ? { text, source: source.text, place: { file, ...position } } : { text, source: "" };
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
