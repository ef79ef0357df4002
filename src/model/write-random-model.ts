import { existsSync } from "node:fs";
import { copyFile, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { FileError } from "../errors.js";
import { openFile } from "../formats/file-source.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { type Random, seededRandom } from "../random.js";
import { findModelFolder } from "./model-folder.js";
import { type Initializer, replaceInitializers } from "./onnx/graph.js";
import { openGraphFile } from "./onnx/graph-file.js";
import { movedOutside, type OutsidePlace, outsidePlace } from "./onnx/outside-weights.js";
import { bytesField, decodeMessage, type Field, first } from "./onnx/protobuf.js";
import { redrawBytes, redrawFile, type WeightCodec, weightCodecs } from "./onnx/redraw-tensor.js";

export interface RandomModelOptions extends LongCallOptions {
  /** Default: 22. */
  seed?: number | string | undefined;
  /** A model whose weights take more bytes is refused. Default: none is. */
  maxBytes?: number | undefined;
}

/** Whole numbers and truth values: shapes, masks and ids, not weights. */
const countingTypes = new Set([6, 7, 9]);
/** Smaller tensors are constants of the graph, not weights. */
const fewestWeights = 32;
/** Tables of positions and masks are no weights either. */
const tables = /cos|sin|rotary|inv_freq|mask/i;
const tensorRawData = 9;
const weightsName = "model.onnx_data";

/** The files beside the graph that a model's folder has. */
const settings = ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"];

/**
 * Writes a copy of a model that was never trained: every weight is drawn anew from a normal distribution of the mean and
 * deviation of its tensor. To hold latents against: what is explained of these is the text's and the architecture's. Large
 * tensors go from file to file in pieces, so that a model need not fit the memory.
 *
 * @param source As for `loadModel`, which then loads `directory`.
 * @throws {FileError} If the model cannot be read, is too large, has weights that are neither float32, float16 nor bfloat16, or
 *   cannot be written.
 * @see Heap et al. 2025 (arXiv 2501.17727), whose variant "re-randomised incl. embeddings" has such weights.
 */
export async function writeRandomModel(
  source: string,
  directory: string,
  { seed = 22, maxBytes = Number.POSITIVE_INFINITY, ...options }: RandomModelOptions = {},
): Promise<void> {
  const { folder, graph: path } = await findModelFolder(source, options);
  const { graph } = await openGraphFile(path);
  const initializers = [...graph.initializers.values()];
  for (const initializer of initializers) checkDrawable(initializer, path);
  checkSize(outsideBytes(initializers), maxBytes, path);
  await mkdir(directory, { recursive: true });
  const random = seededRandom(seed).fork("random model");
  const fields = await writeWeights(initializers, { directory, random, ...options });
  const present = settings.filter((name) => existsSync(join(folder, name)));
  await Promise.all(present.map((name) => copyFile(join(folder, name), join(directory, name))));
  const bytes = replaceInitializers(graph, (initializer) => fields.get(initializer) ?? initializer.field);
  await writeFileAtomic(join(directory, "model.onnx"), bytes);
}

/** A model of which a part stays trained is no null. */
function checkDrawable(initializer: Initializer, path: string): void {
  const { name, shape, dataType } = initializer;
  const count = shape.reduce((product, size) => product * size, 1);
  if (count < fewestWeights || countingTypes.has(dataType) || tables.test(name)) return;
  const codec = weightCodecs[dataType];
  if (codec && (outsidePlace(initializer) ?? rawData(initializer))) return;
  const found = codec ? "is written as a list of numbers" : `is of ONNX type ${dataType}`;
  throw new FileError(
    `Cannot draw the weights of "${path}" anew: its "${name}" ${found}; export the model with weights in float32, float16 or bfloat16`,
    path,
  );
}

function checkSize(bytes: number, maxBytes: number, path: string): void {
  if (bytes <= maxBytes) return;
  const megabytes = (n: number) => `${(n / 1e6).toFixed(1)} MB`;
  throw new FileError(
    `Cannot draw the weights of "${path}" anew: they take ${megabytes(bytes)}, and at most ${megabytes(maxBytes)} are wanted`,
    path,
  );
}

/** Bytes of the tensors that are too large for the graph. */
function outsideBytes(initializers: readonly Initializer[]): number {
  return initializers.reduce((sum, one) => sum + (outsidePlace(one)?.length ?? 0), 0);
}

/** Draws all tensors: large ones into the file of weights, small ones as fields of the graph. */
async function writeWeights(
  initializers: readonly Initializer[],
  { directory, random, ...options }: LongCallOptions & { directory: string; random: Random },
): Promise<Map<Initializer, Field>> {
  const signal = callSignal(options);
  const total = outsideBytes(initializers);
  const meter = progressMeter("draw weights anew", "bytes", total, options.onProgress);
  const fields = new Map<Initializer, Field>();
  const file = await open(join(directory, weightsName), "w");
  let written = 0;
  try {
    for (const one of initializers) {
      const place = outsidePlace(one);
      if (!place) {
        fields.set(one, redrawnField(one, random));
        continue;
      }
      const offset = written;
      for await (const bytes of newPieces(one, place, random)) {
        signal?.throwIfAborted();
        await file.appendFile(bytes);
        written += bytes.length;
        meter.report(written);
      }
      fields.set(one, movedOutside(one, { name: weightsName, offset, length: written - offset }));
    }
  } finally {
    await file.close();
  }
  meter.end(written);
  return fields;
}

function newPieces(initializer: Initializer, place: OutsidePlace, random: Random): AsyncIterable<Uint8Array> {
  const codec = codecOf(initializer);
  return codec ? redrawFile(place, codec, random.fork(initializer.name)) : wholeTensor(place);
}

async function* wholeTensor({ file, offset, length }: OutsidePlace): AsyncGenerator<Uint8Array> {
  const source = await openFile(file);
  try {
    yield await source.read(offset, offset + length);
  } finally {
    await source.close();
  }
}

function redrawnField(initializer: Initializer, random: Random): Field {
  const { name, field } = initializer;
  const codec = codecOf(initializer);
  const raw = rawData(initializer);
  if (!codec || !raw || raw.length < fewestWeights * codec.bytes) return field;
  const drawn = redrawBytes(raw, codec, random.fork(name));
  const others = decodeMessage(field.payload).filter(({ number }) => number !== tensorRawData);
  return bytesField(field.number, [...others, bytesField(tensorRawData, drawn)]);
}

/** How the numbers are stored, where they are weights. */
function codecOf({ name, dataType }: Initializer): WeightCodec | undefined {
  return tables.test(name) ? undefined : weightCodecs[dataType];
}

function rawData({ field }: Initializer): Uint8Array | undefined {
  return first(decodeMessage(field.payload), tensorRawData)?.payload;
}
