import { FileError } from "../../errors.js";
import { readFileBytes } from "../../formats/file-source.js";
import { decodeGraph, type Graph } from "../../model/onnx/graph.js";

/**
 * The graph in an ONNX file.
 *
 * @throws {FileError} If the file is missing or damaged.
 */
export async function readGraph(path: string): Promise<Graph> {
  const bytes = await readFileBytes(path);
  try {
    return decodeGraph(bytes);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new FileError(`Cannot read "${path}" as an ONNX model: ${reason}; fetch it again`, path, { cause });
  }
}
