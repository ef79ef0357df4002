import { extname } from "node:path";
import { readArrow } from "./arrow-file.js";
import { readParquet } from "./parquet-file.js";
import { readJsonl, readText } from "./text-files.js";

type Reader = (path: string, textKey: string) => AsyncGenerator<string>;

const readers: Readonly<Record<string, Reader>> = {
  ".txt": readText,
  ".jsonl": readJsonl,
  ".parquet": readParquet,
  ".arrow": readArrow,
};

/** What `readDocuments` reads, in words. */
export const documentKinds = "a .txt, .jsonl, .parquet or .arrow file";

/** Whether a file of this name holds documents that we read. */
export function holdsDocuments(path: string): boolean {
  return Object.hasOwn(readers, extname(path).toLowerCase());
}

/** Documents of a file, in order: its lines or rows under `textKey`. @throws {FileError} If it is damaged. */
export function readDocuments(path: string, textKey: string): AsyncGenerator<string> {
  return (readers[extname(path).toLowerCase()] as Reader)(path, textKey);
}
