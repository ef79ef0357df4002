/**
 * Llama Scope (He et al. 2024) and what its library wrote later. Version 1 keeps
 * `hyperparams.json` and `checkpoints/final.safetensors` (`encoder.weight [d_sae, d]`,
 * `decoder.weight [d, d_sae]`, both biases, one threshold for all latents); later files are
 * `config.json` and `sae_weights.safetensors` with logarithms of thresholds, under the same names
 * or as `W_E [d, d_sae]`, `b_E`, `W_D [d_sae, d]`, `b_D`. Inputs are scaled to a mean length of √d
 * by the length that the data set had; we fold that into the weights, as SAELens does.
 */
import { FileError } from "../errors.js";
import type { JsonObject } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import type { ActivationFunction, CoderOptions, CoderWeights } from "./coder-weights.js";
import { rowNorms } from "./decoder-norms.js";
import { hookpointOf } from "./hook-names.js";
import { jumpRelu, readLinearWeights, readThresholds, relu, scaled } from "./linear-weights.js";

const linearNames = {
  encoder: "encoder.weight",
  encoderBias: "encoder.bias",
  decoder: "decoder.weight",
  decoderBias: "decoder.bias",
  decoderTransposed: true,
} as const;
const letterNames = {
  encoder: "W_E",
  encoderBias: "b_E",
  decoder: "W_D",
  decoderBias: "b_D",
  encoderTransposed: true,
} as const;

/** @throws {FileError} If a key is missing or of a wrong shape, or the configuration is not understood. */
export async function readLlamaScope(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  refuseOtherKinds(folder, config, file);
  const linear = await readLinearWeights(file, file.tensors.has("W_E") ? letterNames : linearNames);
  const { encoder, decoder } = linear;
  const hook = (key: string) => (typeof config[key] === "string" ? hookpointOf(config[key]) : undefined);
  const hookpoint = options.hookpoint ?? hook("hook_point_in");
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${folder}" reads: its hook_point_in is "${config.hook_point_in}"; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const scaleIn = scaleFor(config, "in", { width: encoder.shape[1], folder });
  const scaleOut = scaleFor(config, "out", { width: decoder.shape[1], folder });
  const writtenOut = options.hookpoint === undefined ? hook("hook_point_out") : undefined;
  return {
    hookpoint,
    hookpointOut: options.hookpointOut ?? writtenOut ?? hookpoint,
    activation: await activationOf(folder, { config, file, norms: rowNorms(decoder) }),
    encoder: scaled(encoder, scaleIn),
    encoderBias: linear.encoderBias,
    decoder: scaled(decoder, 1 / scaleOut),
    decoderBias: linear.decoderBias.map((bias) => bias / scaleOut),
    // b_dec is then the bias of unscaled inputs, which the folded encoder takes.
    subtractsDecoderBias: config.apply_decoder_bias_to_pre_encoder === true,
    inputNorm: config.norm_activation === "token-wise" ? "constantNorm" : undefined,
    skip: undefined,
  };
}

/** Their library also writes attention replacements, mixtures and coders of several layers. */
function refuseOtherKinds(folder: string, config: JsonObject, file: TensorFile): void {
  const refuse = (what: string) =>
    new FileError(
      `Cannot load the sparse coder "${folder}": ${what}; an SAE or transcoder of one layer with a linear encoder is wanted`,
      folder,
    );
  const type = config.sae_type ?? "sae";
  if (type !== "sae" && type !== "transcoder") throw refuse(`its sae_type is ${type}`);
  const gated = config.use_glu_encoder === true || file.tensors.has("W_E_glu");
  if (gated) throw refuse("its encoder has a gated linear unit");
  const norm = config.norm_activation;
  if (norm === "token-wise" && (config.hook_point_out ?? config.hook_point_in) !== config.hook_point_in) {
    throw refuse("it scales each position of its output by that output's own length, which is not known");
  }
}

async function activationOf(
  folder: string,
  { config, file, norms }: { config: JsonObject; file: TensorFile; norms: Float32Array },
): Promise<ActivationFunction> {
  const dSae = norms.length;
  const name = [...file.tensors.keys()].find((key) => key.endsWith("log_jumprelu_threshold"));
  if (name !== undefined) {
    const thresholds = await readThresholds(file, name, { dSae, logarithms: true });
    // Then h · ‖decoder row‖ is compared, but h itself is the activation.
    const byNorm = config.sparsity_include_decoder_norm === true;
    return jumpRelu(byNorm ? thresholds.map((theta, i) => theta / norms[i]) : thresholds);
  }
  const kind = String(config.act_fn ?? "jumprelu").toLowerCase();
  const threshold = config.jump_relu_threshold;
  if (kind === "relu") return relu(dSae);
  if (kind === "jumprelu" && typeof threshold === "number") {
    return jumpRelu(new Float32Array(dSae).fill(threshold));
  }
  if (kind === "topk" && Number.isSafeInteger(config.top_k)) return { kind: "topk", k: Number(config.top_k) };
  throw new FileError(
    `Cannot load the sparse coder "${folder}": its act_fn is ${kind} with threshold ${threshold}; relu, jumprelu with jump_relu_threshold, or topk with top_k is wanted`,
    folder,
  );
}

/** What inputs (or outputs) are multiplied by before the coder sees them. */
function scaleFor(
  config: JsonObject,
  side: "in" | "out",
  { width, folder }: { width: number; folder: string },
): number {
  const kind = config.norm_activation ?? "dataset-wise";
  if (kind === "inference" || kind === "token-wise") return 1;
  if (kind !== "dataset-wise") {
    throw new FileError(
      `Cannot load the sparse coder "${folder}": its norm_activation is ${kind}; dataset-wise, token-wise or inference is wanted`,
      folder,
    );
  }
  const lengths = (config.dataset_average_activation_norm ?? {}) as JsonObject;
  const length = lengths[side] ?? lengths.in;
  return typeof length === "number" && length > 0 ? Math.sqrt(width) / length : 1;
}
