/**
 * A graph whose weights stay in their file. Large inline weights are rewritten as references into
 * the very file that they came from, so that what is left is small: cutting it for another
 * hookpoint copies no weights, and the runtime reads them from disk itself.
 *
 * The runtime refuses links (the hub's cache is made of them) that leave the folder that it is
 * given, so they are followed here.
 */
import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { FileError } from "../../errors.js";
import { hashFile, readFileBytes } from "../../formats/file-source.js";
import { fileState } from "../../formats/file-state.js";
import { decodeGraph, type Graph, type Initializer, replaceInitializers } from "./graph.js";
import { outsideEntry, outsideFields, outsideName, outsideRoot } from "./outside-weights.js";
import { all, bytesField, decodeMessage, type Field, first, textOf } from "./protobuf.js";

export interface GraphFile {
  readonly path: string;
  /** Holds references in place of large weights. */
  readonly graph: Graph;
  /** SHA-256 (hex) over the graph and all weights. */
  readonly hash: string;
  /** Where the runtime finds the weights. */
  readonly folder: string;
  /** @throws {FileError} If a file is no longer what it was when it was opened. */
  checkUnchanged(): Promise<void>;
}

/** Smaller tensors are shapes and constants that the runtime wants to see when it loads a graph. */
const smallestMoved = 1024;

/** Of protobuf, which counts bytes in 31 bits. */
const largestMessage = 2 ** 31 - 1;

const tensorRawData = 9;
const tensorExternalData = 13;

/**
 * Opens an ONNX file.
 *
 * @throws {FileError} If it or a file with its weights is missing or damaged.
 */
export async function openGraphFile(path: string): Promise<GraphFile> {
  await checkSize(path);
  const bytes = await readFileBytes(path);
  const graph = parse(bytes, path);
  const outside = await outsideFiles(graph, path);
  const hash = createHash("sha256").update(bytes);
  for (const [, file] of [...outside].sort()) await hashFile(hash, file);
  const own = await realpath(path);
  const placed = replaceInitializers(graph, (initializer) => {
    const file = outside.get(initializer.externalFile ?? "");
    return file ? renamed(initializer, file) : moved(initializer, { file: own, start: bytes.byteOffset });
  });
  return {
    path,
    // Decoded anew: views into the first bytes would keep all of them in memory.
    graph: decodeGraph(placed),
    hash: hash.digest("hex"),
    folder: outsideRoot(own),
    checkUnchanged: await remember([own, ...outside.values()], path),
  };
}

async function checkSize(path: string): Promise<void> {
  // A file that is missing is told of when it is read.
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= largestMessage) return;
  throw new FileError(
    `Cannot read "${path}" as an ONNX model: it has ${size} bytes, and the format ends at ${largestMessage}; export it with its weights in a file beside it (external data)`,
    path,
  );
}

function parse(bytes: Uint8Array, path: string): Graph {
  try {
    return decodeGraph(bytes);
  } catch (cause) {
    throw new FileError(
      `Cannot read "${path}" as an ONNX model: ${(cause as Error).message}; fetch it again`,
      path,
      { cause },
    );
  }
}

/** The files that hold weights outside the graph, by the name that the graph uses, links followed. */
async function outsideFiles(graph: Graph, path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { externalFile } of graph.initializers.values()) {
    if (externalFile === undefined || files.has(externalFile)) continue;
    if (externalFile === "" || isAbsolute(externalFile) || externalFile.split(/[\\/]/).includes("..")) {
      throw new FileError(
        `Cannot read the weights of "${path}": it wants them from "${externalFile}"; only files in its own folder are read`,
        path,
      );
    }
    const file = join(dirname(path), externalFile);
    files.set(externalFile, await realpath(file).catch(() => file));
  }
  return files;
}

function renamed({ field }: Initializer, file: string): Field {
  const fields = decodeMessage(field.payload).map((f) => {
    const isLocation =
      f.number === tensorExternalData && textOf(first(decodeMessage(f.payload), 1)) === "location";
    return isLocation ? outsideEntry("location", outsideName(file)) : f;
  });
  return bytesField(field.number, fields);
}

function moved({ field }: Initializer, { file, start }: { file: string; start: number }): Field {
  const fields = decodeMessage(field.payload);
  const [raw] = all(fields, tensorRawData);
  if (!raw || raw.payload.length < smallestMoved) return field;
  return bytesField(field.number, [
    ...fields.filter((f) => f !== raw),
    ...outsideFields({ file, offset: raw.payload.byteOffset - start, length: raw.payload.length }),
  ]);
}

/** A check that sizes and times of change are what they are now. */
async function remember(files: readonly string[], path: string): Promise<() => Promise<void>> {
  const state = async (file: string) => fileState(await stat(file).catch(() => undefined));
  const before = await Promise.all(files.map(state));
  return async () => {
    for (const [i, file] of files.entries()) {
      if ((await state(file)) === before[i]) continue;
      throw new FileError(
        `Cannot read the weights of "${dirname(path)}": "${file}" has changed since; load the model again`,
        file,
      );
    }
  };
}
