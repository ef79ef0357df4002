/**
 * Weights that stay in files outside a graph. The runtime reads them from below one folder only, and
 * a model and a coder lie in different ones, so they are named from the root of the file system.
 */
import { parse, relative, resolve, sep } from "node:path";
import type { Initializer } from "./graph.js";
import { all, bytesField, decodeMessage, type Field, first, textOf, varintField } from "./protobuf.js";

/** Where numbers lie in a file, in row-major order. */
export interface OutsidePlace {
  /** Absolute, links followed. */
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

const tensorRawData = 9;
const tensorExternalData = 13;
const tensorDataLocation = 14;

/** The folder to give to a session for a graph whose weights lie in this file. */
export function outsideRoot(file: string): string {
  return parse(resolve(file)).root;
}

/** How a graph names a file below that folder. */
export function outsideName(file: string): string {
  const path = resolve(file);
  return relative(parse(path).root, path).split(sep).join("/");
}

/** What an initializer has in place of numbers. */
export function outsideFields({ file, offset, length }: OutsidePlace): Field[] {
  return placeFields({ location: outsideName(file), offset, length });
}

function placeFields(entries: Readonly<Record<"location" | "offset" | "length", string | number>>): Field[] {
  return [
    ...Object.entries(entries).map(([key, value]) => outsideEntry(key, String(value))),
    varintField(tensorDataLocation, 1),
  ];
}

export function outsideEntry(key: string, value: string): Field {
  return bytesField(tensorExternalData, [bytesField(1, key), bytesField(2, value)]);
}

/** Bytes of a number, by TensorProto.DataType. */
const numberBytes: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  16: 2,
};

/** Where the numbers of an initializer of a `GraphFile` lie; `undefined` where they are in the graph. */
export function outsidePlace({
  externalFile,
  shape,
  dataType,
  field,
}: Initializer): OutsidePlace | undefined {
  if (externalFile === undefined) return undefined;
  const entries = all(decodeMessage(field.payload), tensorExternalData).map(({ payload }) => {
    const entry = decodeMessage(payload);
    return [textOf(first(entry, 1)), textOf(first(entry, 2))];
  });
  const { offset = 0, length } = Object.fromEntries(entries) as { offset?: string; length?: string };
  const whole = shape.reduce((product, size) => product * size, numberBytes[dataType] ?? Number.NaN);
  return {
    file: resolve(parse(process.cwd()).root, externalFile),
    offset: Number(offset),
    length: Number(length ?? whole),
  };
}

/** The initializer with its numbers at another place: in a file beside the graph. */
export function movedOutside(
  { field }: Initializer,
  { name, offset, length }: { name: string; offset: number; length: number },
): Field {
  const inline = new Set([tensorRawData, tensorExternalData, tensorDataLocation]);
  const fields = decodeMessage(field.payload).filter(({ number }) => !inline.has(number));
  return bytesField(field.number, [...fields, ...placeFields({ location: name, offset, length })]);
}
