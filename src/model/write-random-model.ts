import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { FileError } from "../errors.js";
import { readFileBytes } from "../formats/file-source.js";
import { floatToHalf, halfToFloat } from "../formats/half.js";
import { type Random, seededRandom } from "../random.js";
import { normalDraw } from "../stats/gamma-draw.js";
import { findModelFolder } from "./model-folder.js";
import { decodeGraph, type Initializer, replaceInitializers } from "./onnx/graph.js";
import { bytesField, decodeMessage, type Field } from "./onnx/protobuf.js";

const tensorRawData = 9;
const onnxFloat = 1;
const onnxFloat16 = 10;
/** Smaller tensors are constants of the graph, not weights. */
const fewestWeights = 32;
/** Tables of positions and masks are no weights either. */
const tables = /cos|sin|rotary|inv_freq|mask/i;

/** The files beside the graph that a model's folder has. */
const settings = ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];

/**
 * Writes a copy of a model that was never trained: every weight is drawn anew from a normal distribution of the mean and
 * deviation of its tensor. To hold latents against: what is explained of these is the text's and the architecture's.
 *
 * @param source As for `loadModel`, which then loads `directory`.
 * @throws {FileError} If the model cannot be read, or keeps its weights in files beside the graph.
 * @see Heap et al. 2025 (arXiv 2501.17727), whose variant "re-randomised incl. embeddings" has such weights.
 */
export async function writeRandomModel(
  source: string,
  directory: string,
  { seed = 22 }: { seed?: number | string | undefined } = {},
): Promise<void> {
  const { folder, graph: path } = await findModelFolder(source);
  const graph = decodeGraph(await readFileBytes(path));
  const outside = [...graph.initializers.values()].find(({ externalFile }) => externalFile !== undefined);
  if (outside) {
    throw new FileError(
      `Cannot randomise "${source}": its weights are in "${outside.externalFile}" beside the graph; export it with the weights inside`,
      path,
    );
  }
  const random = seededRandom(seed).fork("random model");
  const bytes = replaceInitializers(graph, (initializer) =>
    redrawn(initializer, random.fork(initializer.name)),
  );
  await mkdir(directory, { recursive: true });
  const present = settings.filter((name) => existsSync(join(folder, name)));
  await Promise.all(present.map((name) => copyFile(join(folder, name), join(directory, basename(name)))));
  await writeFileAtomic(join(directory, "model.onnx"), bytes);
}

function redrawn({ name, dataType, field }: Initializer, random: Random): Field {
  if ((dataType !== onnxFloat && dataType !== onnxFloat16) || tables.test(name)) return field;
  const fields = decodeMessage(field.payload);
  const raw = fields.find(({ number }) => number === tensorRawData)?.payload;
  if (!raw) return field;
  const { buffer } = raw.slice();
  const numbers = dataType === onnxFloat ? new Float32Array(buffer) : halfToFloat(new Uint16Array(buffer));
  if (numbers.length < fewestWeights) return field;
  const drawn = likeThese(numbers, random);
  const written = dataType === onnxFloat ? drawn : floatToHalf(drawn);
  const payload = new Uint8Array(written.buffer, written.byteOffset, written.byteLength);
  return bytesField(
    field.number,
    fields.map((part) => (part.number === tensorRawData ? bytesField(tensorRawData, payload) : part)),
  );
}

/** As many numbers, normal, of the same mean and deviation. */
function likeThese(numbers: Float32Array, random: Random): Float32Array {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const variance = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length;
  const deviation = Math.sqrt(variance);
  return Float32Array.from(numbers, () => mean + deviation * normalDraw(random));
}
