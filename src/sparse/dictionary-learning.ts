/**
 * dictionary_learning (Marks, Karvonen, Mueller): `config.json` and `ae.pt`, a state dict. The
 * class says the formula: `AutoEncoder` is ReLU with one `bias` that is subtracted from the input
 * and added to the output; the top-k kinds call it `b_dec`; BatchTopK kinds compare with one
 * threshold at inference; `CrossCoder` reads several places (`crosscoder.ts`).
 *
 * Deviation: for `AutoEncoder` the library's `from_pretrained` scales latents by the norms of
 * decoder columns; we do so too, so that latents agree.
 */
import { FileError } from "../errors.js";
import type { JsonObject } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import {
  type ActivationFunction,
  type CoderOptions,
  type CoderWeights,
  gatedActivation,
  readMatrix,
  readWeight,
  transpose,
} from "./coder-weights.js";
import { columnsOf } from "./columns-of.js";
import { readDictionaryCrosscoder } from "./crosscoder.js";
import { normaliseDecoder } from "./decoder-norms.js";
import { jumpRelu, relu } from "./linear-weights.js";

/** Keys and shapes differ in two families: torch's linear layers, and plain matrices. */
interface DictionaryClass {
  readonly plainMatrices: boolean;
  readonly encoderBias: string;
  readonly bias: string;
  readonly subtracts: boolean;
  readonly activation: "relu" | "topk" | "batchtopk" | "jumprelu" | "gated";
}

const linear = { plainMatrices: false, encoderBias: "encoder.bias", bias: "b_dec", subtracts: true } as const;
const plain = { plainMatrices: true, encoderBias: "b_enc", bias: "b_dec" } as const;
const classes: Record<string, DictionaryClass> = {
  AutoEncoder: { ...linear, bias: "bias", activation: "relu" },
  AutoEncoderNew: { ...linear, bias: "decoder.bias", subtracts: false, activation: "relu" },
  AutoEncoderTopK: { ...linear, activation: "topk" },
  BatchTopKSAE: { ...linear, activation: "batchtopk" },
  GatedAutoEncoder: { ...linear, encoderBias: "gate_bias", bias: "decoder_bias", activation: "gated" },
  MatryoshkaBatchTopKSAE: { ...plain, subtracts: true, activation: "batchtopk" },
  JumpReluAutoEncoder: { ...plain, subtracts: false, activation: "jumprelu" },
};

/** @throws {FileError} If a key is missing or of a wrong shape, or the class is not known. */
export async function readDictionaryLearning(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  const trainer = (config.trainer ?? {}) as JsonObject;
  const name = String(trainer.dict_class);
  if (name === "CrossCoder") return await readDictionaryCrosscoder(folder, { file, ...options });
  const kind = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (!kind) {
    throw new FileError(
      `Cannot load the sparse coder "${folder}": its dict_class is ${name}; one of ${[...Object.keys(classes), "CrossCoder"].join(", ")} is wanted`,
      folder,
    );
  }
  const encoder = kind.plainMatrices
    ? columnsOf(await readMatrix(file, "W_enc"))
    : await readMatrix(file, "encoder.weight");
  const [dSae, dModel] = encoder.shape;
  const decoder = kind.plainMatrices
    ? await readWeight(file, "W_dec", [dSae, dModel])
    : transpose(await readWeight(file, "decoder.weight", [dModel, dSae]));
  const hookpoint = options.hookpoint ?? hookpointFrom(trainer, folder);
  const weights: CoderWeights = {
    hookpoint,
    hookpointOut: options.hookpointOut ?? hookpoint,
    activation: await activationOf(kind, { trainer, file, dSae, folder }),
    encoder,
    encoderBias: (await readWeight(file, kind.encoderBias, [dSae])).data,
    decoder,
    decoderBias: (await readWeight(file, kind.bias, [dModel])).data,
    subtractsDecoderBias: kind.subtracts,
    skip: undefined,
  };
  return name === "AutoEncoder" ? normaliseDecoder(weights) : weights;
}

async function activationOf(
  { activation }: DictionaryClass,
  { trainer, file, dSae, folder }: { trainer: JsonObject; file: TensorFile; dSae: number; folder: string },
): Promise<ActivationFunction> {
  const topK = { kind: "topk", k: Number(trainer.k) } as const;
  if (activation === "topk" && Number.isSafeInteger(topK.k)) return topK;
  if (activation === "relu") return relu(dSae);
  if (activation === "jumprelu") return jumpRelu((await readWeight(file, "threshold", [dSae])).data);
  if (activation === "gated") {
    const [gate, logScale, magnitude] = await Promise.all(
      ["gate_bias", "r_mag", "mag_bias"].map((key) => readWeight(file, key, [dSae])),
    );
    return gatedActivation(gate.data, logScale.data, magnitude.data);
  }
  const threshold = file.tensors.has("threshold") ? (await readWeight(file, "threshold", [])).data[0] : -1;
  if (activation === "batchtopk" && threshold >= 0) {
    return { kind: "threshold", name: "batchtopk", thresholds: new Float32Array(dSae).fill(threshold) };
  }
  throw new FileError(
    `Cannot load the sparse coder "${folder}": it is ${activation} with k = ${trainer.k} and threshold = ${threshold}; a whole k, or for batchtopk a threshold that was estimated, is wanted`,
    folder,
  );
}

function hookpointFrom(trainer: JsonObject, folder: string): string {
  const submodule = String(trainer.submodule_name ?? "");
  const found = /^(resid_post|mlp_out|attention_out|attn_out)_layer_(\d+)$/.exec(submodule);
  if (found) {
    const place = found[1] === "resid_post" ? "" : found[1] === "mlp_out" ? ".mlp" : ".attention";
    return `layers.${found[2]}${place}`;
  }
  throw new FileError(
    `Cannot tell where the sparse coder "${folder}" reads: its submodule_name is "${submodule}"; give it as option, e.g. { hookpoint: "layers.2" }`,
    folder,
  );
}
