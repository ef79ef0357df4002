/**
 * Cross-layer transcoders: one encoder for each layer, which reads that layer, and one decoder row
 * for each layer that the latent writes, its own first. What stands for one layer here is its
 * encoder and the decoder of its own layer, enough to find, explain and steer latents;
 * reconstruction is then only what the layer itself adds. Two layouts: circuit-tracer's
 * `W_enc_N.safetensors` (`W_enc_N [d_sae, d]`, `b_enc_N`, `b_dec_N`, maybe `threshold_N`) beside
 * `W_dec_N.safetensors` (`W_dec_N [d_sae, layers − N, d]`), and Gemma Scope 2's
 * `params_layer_N.safetensors` (names as its other coders, `w_dec [d_sae, layers, d]`).
 */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileError } from "../errors.js";
import { bytesOf } from "../formats/dtype.js";
import { openFile } from "../formats/file-source.js";
import type { JsonObject } from "../formats/json-file.js";
import { openSafetensors } from "../formats/safetensors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import type { Tensor } from "../tensor.js";
import { type CoderOptions, type CoderWeights, readMatrix, readWeight, transpose } from "./coder-weights.js";
import { columnsOf } from "./columns-of.js";
import { gemmaPlace } from "./gemma-scope-2.js";
import { hookpointOf } from "./hook-names.js";
import { jumpRelu, readThresholds, relu } from "./linear-weights.js";
import { floatPlace, storedMatrix } from "./stored-matrix.js";
import { yamlSetting } from "./yaml-setting.js";

/** One layer as circuit-tracer writes it. @throws {FileError} If a key is missing or of a wrong shape, or the place is not known. */
export async function readCrossLayer(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const layer = layerOf(file);
  const settings = await readFile(join(folder, "config.yaml"), "utf8").catch(() => "");
  const place = (key: string, otherwise: string) =>
    hookpointOf(`blocks.${layer}.${yamlSetting(settings, key) ?? otherwise}`);
  const encoder = await readMatrix(file, `W_enc_${layer}`);
  const [dSae, dModel] = encoder.shape;
  const threshold = `threshold_${layer}`;
  return {
    ...placesOf(file, {
      ...options,
      read: place("feature_input_hook", "hook_resid_mid"),
      written: place("feature_output_hook", "hook_mlp_out"),
    }),
    encoder,
    encoderBias: (await readWeight(file, `b_enc_${layer}`, [dSae])).data,
    decoder: await decoderBeside(join(folder, `W_dec_${layer}.safetensors`), `W_dec_${layer}`, {
      dSae,
      dModel,
    }),
    decoderBias: (await readWeight(file, `b_dec_${layer}`, [dModel])).data,
    activation: file.tensors.has(threshold)
      ? jumpRelu(await readThresholds(file, threshold, { dSae }))
      : relu(dSae),
    subtractsDecoderBias: false,
    skip: undefined,
  };
}

/** One layer of Gemma Scope 2's. @throws {FileError} As `readCrossLayer`. */
export async function readGemmaCrossLayer(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  if (config.type !== "clt") {
    throw new FileError(
      `Cannot load the sparse coder "${file.name}": its config.json says that it is a ${config.type}; a clt is wanted, or a folder with params.safetensors`,
      folder,
    );
  }
  const layer = layerOf(file);
  const encoder = columnsOf(await readMatrix(file, "w_enc"));
  const [dSae, dModel] = encoder.shape;
  const affine = "affine_skip_connection";
  return {
    ...placesOf(file, {
      ...options,
      read: gemmaPlace(config.hf_hook_point_in, layer),
      written: gemmaPlace(config.hf_hook_point_out, layer),
    }),
    encoder,
    encoderBias: (await readWeight(file, "b_enc", [dSae])).data,
    decoder: await ownLayer(file, "w_dec", { layer, dSae, dModel }),
    decoderBias: (await readWeight(file, "b_dec", [dModel])).data,
    activation: jumpRelu(await readThresholds(file, "threshold", { dSae })),
    subtractsDecoderBias: false,
    skip: file.tensors.has(affine) ? transpose(await readWeight(file, affine, [dModel, dModel])) : undefined,
  };
}

function layerOf(file: TensorFile): number {
  return Number(/(\d+)\.safetensors$/.exec(basename(file.name))?.[1]);
}

function placesOf(
  file: TensorFile,
  { read, written, ...options }: CoderOptions & { read: string | undefined; written: string | undefined },
): Pick<CoderWeights, "hookpoint" | "hookpointOut"> {
  const hookpoint = options.hookpoint ?? read;
  if (hookpoint !== undefined)
    return { hookpoint, hookpointOut: options.hookpointOut ?? written ?? hookpoint };
  throw new FileError(
    `Cannot tell where the sparse coder "${file.name}" reads: its configuration names no hookpoint of ours; give it as option, e.g. { hookpoint: "layers.2.mlp.input" }`,
    file.name,
  );
}

async function decoderBeside(
  path: string,
  name: string,
  sizes: { dSae: number; dModel: number },
): Promise<Tensor> {
  const source = await openFile(path);
  try {
    return await ownLayer(await openSafetensors(source), name, { layer: 0, ...sizes });
  } finally {
    await source.close();
  }
}

/** `[d_sae, d]` out of `[d_sae, layers, d]`; the other layers' part, mostly far larger, is not read. */
async function ownLayer(
  file: TensorFile,
  name: string,
  { layer, dSae, dModel }: { layer: number; dSae: number; dModel: number },
): Promise<Tensor> {
  const { shape } = file.tensors.get(name) ?? { shape: [] };
  const [latents, layers, width] = shape;
  const place = await floatPlace(file, name);
  if (!place || shape.length !== 3 || latents !== dSae || width !== dModel || layer >= layers) {
    throw new FileError(
      `Cannot read the decoder "${name}" of "${file.name}": it is [${shape.join(", ")}], floating-point numbers [${dSae}, more than ${layer}, ${dModel}] are wanted; check that all files are of one coder`,
      file.name,
    );
  }
  const offset = place.offset + layer * width * bytesOf(place.dtype);
  return storedMatrix({ ...place, offset }, [dSae, width], { step: layers * width });
}
