/**
 * Qwen-Scope: `layerN.sae.pt` for each layer beside one `config.json`; `W_enc [d_sae, d]`,
 * `W_dec [d, d_sae]`, which is transposed as compared with SAELens. Top-k, then ReLU; `b_dec` is
 * not subtracted; `resid_post` N is the output of block N.
 */
import { basename } from "node:path";
import { FileError } from "../errors.js";
import type { JsonObject } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { readLinearWeights } from "./linear-weights.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the configuration is not understood. */
export async function readQwenScope(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  const { k, model_type: type, hook_point: place = "resid_post" } = config;
  if (type !== "topk_sae" || !Number.isSafeInteger(k)) {
    throw new FileError(
      `Cannot load the sparse coder "${file.name}": its config.json says ${type} with k = ${k}; topk_sae with a whole k is wanted`,
      folder,
    );
  }
  const layer = /(\d+)\.sae\.pt$/.exec(basename(file.name))?.[1];
  const written = layer !== undefined && place === "resid_post" ? `layers.${layer}` : undefined;
  const hookpoint = options.hookpoint ?? written;
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${file.name}" reads: its hook_point is "${place}"; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const linear = await readLinearWeights(file, {
    encoder: "W_enc",
    encoderBias: "b_enc",
    decoder: "W_dec",
    decoderBias: "b_dec",
    decoderTransposed: true,
  });
  return {
    ...linear,
    hookpoint,
    hookpointOut: options.hookpointOut ?? hookpoint,
    activation: { kind: "topk", k: Number(k) },
    subtractsDecoderBias: false,
    skip: undefined,
  };
}
