/**
 * OpenAI's sparse_autoencoder (Gao et al. 2024): a state dict `N.pt` with `pre_bias`,
 * `encoder.weight [d_sae, d]`, `latent_bias`, `decoder.weight [d, d_sae]` and the activation's
 * name. Coders with top-k normalise each position first and undo it at the end (their library
 * tells it from the activation too). The folders' names tell the place.
 */
import { basename, resolve } from "node:path";
import { FileError } from "../errors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import type { ActivationFunction, CoderOptions, CoderWeights } from "./coder-weights.js";
import { readLinearWeights, relu } from "./linear-weights.js";

/** Their names of places, without the version, by ours. `resid_post_attn` lies inside a block. */
const places: Record<string, string> = {
  resid_post_mlp: "",
  resid_delta_mlp: ".mlp",
  resid_delta_attn: ".attention",
  mlp_post_act: ".mlp.neurons",
};

/** @throws {FileError} If a key is missing or of a wrong shape, or the activation or place is not known. */
export async function readOpenai(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const linear = await readLinearWeights(file, {
    encoder: "encoder.weight",
    encoderBias: "latent_bias",
    decoder: "decoder.weight",
    decoderBias: "pre_bias",
    decoderTransposed: true,
  });
  const activation = activationOf(file, linear.encoder.shape[0], folder);
  const hookpoint = options.hookpoint ?? placeOf(file.name);
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${file.name}" reads: its path names no hookpoint; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  return {
    ...linear,
    hookpoint,
    hookpointOut: options.hookpointOut ?? hookpoint,
    activation,
    subtractsDecoderBias: true,
    inputNorm: activation.kind === "topk" ? "layerNorm" : undefined,
    skip: undefined,
  };
}

function activationOf({ metadata }: TensorFile, dSae: number, folder: string): ActivationFunction {
  const name = metadata.activation ?? "ReLU";
  const k = Number(metadata["activation_state_dict.k"]);
  const after = metadata["activation_state_dict.postact_fn"] ?? "ReLU";
  if (name === "ReLU") return relu(dSae);
  if (name === "TopK" && after === "ReLU" && Number.isSafeInteger(k)) return { kind: "topk", k };
  throw new FileError(
    `Cannot load the sparse coder "${folder}": its activation is ${name} with k = ${k} and then ${after}; ReLU, or TopK with a whole k and then ReLU, is wanted`,
    folder,
  );
}

function placeOf(path: string): string | undefined {
  const layer = /^(\d+)\.pt$/.exec(basename(path))?.[1];
  const names = resolve(path).split(/[\\/]/);
  const site = names
    .map((name) => name.replace(/_v\d+(_\d+k)?$/, ""))
    .findLast((name) => Object.hasOwn(places, name));
  return layer !== undefined && site !== undefined ? `layers.${layer}${places[site]}` : undefined;
}
