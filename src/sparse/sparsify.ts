/**
 * EleutherAI sparsify: a folder named after its hookpoint with `cfg.json` and `sae.safetensors`
 * (`encoder.weight [d_sae, d]`, `encoder.bias`, `W_dec [d_sae, d_out]`, `b_dec`, maybe `W_skip`).
 * A transcoder (`transcode`) reads its module's input, predicts its output, and does not subtract
 * `b_dec`. `hookpoint` and `hookpoint_out` in `cfg.json` are our extension.
 */
import { basename } from "node:path";
import { FileError } from "../errors.js";
import type { JsonObject } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type CoderOptions, type CoderWeights, readMatrix, readWeight } from "./coder-weights.js";
import { hookpointOf } from "./hook-names.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the activation is not known. */
export async function readSparsify(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  const activation = config.activation ?? "topk";
  if (!(activation === "topk" || activation === "groupmax") || !Number.isSafeInteger(config.k)) {
    throw new FileError(
      `Cannot load the sparse coder "${folder}": its activation is ${activation} with k = ${config.k}; topk or groupmax with a whole k is wanted`,
      folder,
    );
  }
  if (config.signed === true) {
    throw new FileError(
      `Cannot load the sparse coder "${folder}": it is signed, and a latent below 0 does not fire; an unsigned one is wanted`,
      folder,
    );
  }
  const encoder = await readMatrix(file, "encoder.weight");
  const [dSae, dModel] = encoder.shape;
  const decoder = await readMatrix(file, "W_dec");
  const dOut = decoder.shape[1];
  const skip = file.tensors.has("W_skip") ? await readWeight(file, "W_skip", [dOut, dModel]) : undefined;
  return {
    ...sparsifyHookpoints(folder, { config, ...options }),
    activation: { kind: activation, k: Number(config.k) },
    encoder,
    encoderBias: (await readWeight(file, "encoder.bias", [dSae])).data,
    decoder: await readWeight(file, "W_dec", [dSae, dOut]),
    decoderBias: (await readWeight(file, "b_dec", [dOut])).data,
    subtractsDecoderBias: config.transcode !== true,
    skip,
  };
}

function sparsifyHookpoints(folder: string, { config, ...options }: CoderOptions & { config: JsonObject }) {
  const written = typeof config.hookpoint === "string" ? config.hookpoint : basename(folder);
  const module = options.hookpoint ?? hookpointOf(written);
  if (module === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${folder}" reads: "${written}" is no hookpoint; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const out = options.hookpointOut ?? config.hookpoint_out;
  const predicted = typeof out === "string" ? out : module;
  const readsInput = config.transcode === true && options.hookpoint === undefined && module.endsWith(".mlp");
  return { hookpoint: readsInput ? `${module}.input` : module, hookpointOut: predicted };
}
