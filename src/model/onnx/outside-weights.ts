/**
 * Weights that stay in files outside a graph. The runtime reads them from below one folder only, and
 * a model and a coder lie in different ones, so they are named from the root of the file system.
 */
import { parse, relative, resolve, sep } from "node:path";
import { bytesField, type Field, varintField } from "./protobuf.js";

/** Where numbers lie in a file, in row-major order. */
export interface OutsidePlace {
  /** Absolute, links followed. */
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

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
  return [
    outsideEntry("location", outsideName(file)),
    outsideEntry("offset", String(offset)),
    outsideEntry("length", String(length)),
    varintField(tensorDataLocation, 1),
  ];
}

export function outsideEntry(key: string, value: string): Field {
  return bytesField(tensorExternalData, [bytesField(1, key), bytesField(2, value)]);
}
