/**
 * Gemma Scope 2: `config.json` and `params.safetensors` with `w_enc [d, d_sae]`, `b_enc`,
 * `threshold`, `w_dec [d_sae, d_out]`, `b_dec`, maybe `affine_skip_connection [d, d_out]`. JumpReLU;
 * `b_dec` is not subtracted. `hf_hook_point_in` says where it really reads. Cross-layer
 * transcoders: `cross-layer.ts`.
 */
import { FileError } from "../errors.js";
import type { JsonObject } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type CoderOptions, type CoderWeights, readWeight, transpose } from "./coder-weights.js";
import { jumpRelu, readLinearWeights, readThresholds } from "./linear-weights.js";

/** Modules of Gemma's blocks, in Hugging Face's words, that are hookpoints of ours. */
const places: Record<string, string> = {
  output: "",
  "post_feedforward_layernorm.output": ".mlp",
  "mlp.output": ".mlp",
  "pre_feedforward_layernorm.output": ".mlp.input",
  "post_attention_layernorm.output": ".attention",
  "self_attn.output": ".attention",
  "self_attn.o_proj.input": ".attention.heads",
};

/** @throws {FileError} If a key is missing or of a wrong shape, or the kind or place is not known. */
export async function readGemmaScope2(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  const type = config.type ?? "sae";
  const architecture = config.architecture ?? "jump_relu";
  if (!(type === "sae" || type === "transcoder") || architecture !== "jump_relu") {
    throw new FileError(
      `Cannot load the sparse coder "${folder}": it is a ${type} with ${architecture}; a sae or transcoder with jump_relu is wanted`,
      folder,
    );
  }
  const linear = await readLinearWeights(file, {
    encoder: "w_enc",
    encoderBias: "b_enc",
    decoder: "w_dec",
    decoderBias: "b_dec",
    encoderTransposed: true,
  });
  const [dSae, dModel] = linear.encoder.shape;
  const affine = "affine_skip_connection";
  return {
    ...linear,
    ...placesOf(folder, config, options),
    activation: jumpRelu(await readThresholds(file, "threshold", { dSae })),
    subtractsDecoderBias: false,
    skip: file.tensors.has(affine)
      ? transpose(await readWeight(file, affine, [dModel, linear.decoder.shape[1]]))
      : undefined,
  };
}

function placesOf(folder: string, config: JsonObject, options: CoderOptions) {
  const hookpoint = options.hookpoint ?? gemmaPlace(config.hf_hook_point_in);
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${folder}" reads: its hf_hook_point_in is "${config.hf_hook_point_in}", which is no hookpoint; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const writtenOut = options.hookpoint === undefined ? gemmaPlace(config.hf_hook_point_out) : undefined;
  return { hookpoint, hookpointOut: options.hookpointOut ?? writtenOut ?? hookpoint };
}

/**
 * The hookpoint that a module in Hugging Face's words means; `undefined` if it is none of ours.
 *
 * @param layer Counts where the name leaves it open: `model.layers.{layer}.mlp.output`.
 */
export function gemmaPlace(written: unknown, layer?: number): string | undefined {
  const found = /(?:^|\.)layers\.(\d+|[^.\d]+)\.(.+)$/.exec(String(written));
  if (!found || !Object.hasOwn(places, found[2])) return undefined;
  const index = /^\d+$/.test(found[1]) ? Number(found[1]) : layer;
  return index === undefined ? undefined : `layers.${index}${places[found[2]]}`;
}
