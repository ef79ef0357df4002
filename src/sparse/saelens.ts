/**
 * SAELens: `cfg.json` and `sae_weights.safetensors` (`W_enc [d, d_sae]`, `b_enc`,
 * `W_dec [d_sae, d_out]`, `b_dec`, maybe `threshold`, `W_skip [d_out, d]`). Versions 6, 5 and
 * before differ in where `cfg.json` says the hookpoint. BatchTopK and Matryoshka coders are saved
 * as `jumprelu`. What is not understood (heads of attention) is refused, not guessed.
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
import { normaliseDecoder } from "./decoder-norms.js";
import { hookpointOf } from "./hook-names.js";
import type { InputNorm } from "./input-norm.js";

/** Architectures by the activation function that they use. */
const architectures: Record<string, "relu" | "jumprelu" | "topk" | "gated"> = {
  standard: "relu",
  transcoder: "relu",
  skip_transcoder: "relu",
  jumprelu: "jumprelu",
  jumprelu_transcoder: "jumprelu",
  jumprelu_skip_transcoder: "jumprelu",
  topk: "topk",
  gated: "gated",
};

/** Ways to normalise inputs; the scale of the second is folded into the weights when SAELens saves them. */
const inputNorms: Record<string, InputNorm | undefined> = {
  none: undefined,
  expected_average_only_in: undefined,
  constant_norm_rescale: "constantNorm",
  layer_norm: "layerNorm",
};

/** @throws {FileError} If a key is missing or of a wrong shape, or the configuration is not understood. */
export async function readSaelens(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  const architecture = String(config.architecture ?? "standard");
  refuseUnknown(folder, architecture, config);
  const encoder = transpose(await readMatrix(file, "W_enc"));
  const [dSae, dModel] = encoder.shape;
  const decoder = await readMatrix(file, "W_dec");
  const dOut = decoder.shape[1];
  const transcodes = architecture.includes("transcoder");
  const skip = file.tensors.has("W_skip") ? await readWeight(file, "W_skip", [dOut, dModel]) : undefined;
  const weights: CoderWeights = {
    ...saelensHookpoints(folder, { config, transcodes, ...options }),
    activation: await activationOf(architecture, { config, file, dSae, folder }),
    encoder,
    encoderBias: (await readWeight(file, architecture === "gated" ? "b_gate" : "b_enc", [dSae])).data,
    decoder: await readWeight(file, "W_dec", [dSae, dOut]),
    decoderBias: (await readWeight(file, "b_dec", [dOut])).data,
    // A transcoder's b_dec belongs to another place than its input.
    subtractsDecoderBias: !transcodes && config.apply_b_dec_to_input !== false,
    inputNorm: inputNorms[String(config.normalize_activations ?? "none")],
    skip,
  };
  return config.rescale_acts_by_decoder_norm === true ? normaliseDecoder(weights) : weights;
}

function refuseUnknown(folder: string, architecture: string, config: JsonObject): void {
  const wrong = (what: string, found: unknown, wanted: string) =>
    new FileError(
      `Cannot load the sparse coder "${folder}": its ${what} is ${found}; ${wanted} is wanted`,
      folder,
    );
  if (!Object.hasOwn(architectures, architecture)) {
    throw wrong("architecture", architecture, Object.keys(architectures).join(", "));
  }
  const normalisation = String(config.normalize_activations ?? "none");
  if (!Object.hasOwn(inputNorms, normalisation)) {
    throw wrong("normalize_activations", normalisation, Object.keys(inputNorms).join(", "));
  }
  const reshaping = config.reshape_activations ?? "none";
  if (reshaping !== "none") throw wrong("reshape_activations", reshaping, "none");
}

async function activationOf(
  architecture: string,
  { config, file, dSae, folder }: { config: JsonObject; file: TensorFile; dSae: number; folder: string },
): Promise<ActivationFunction> {
  const name = architectures[architecture];
  if (name === "jumprelu") {
    const thresholds = (await readWeight(file, "threshold", [dSae])).data;
    return { kind: "threshold", name, thresholds };
  }
  if (name === "gated") {
    const [gate, logScale, magnitude] = await Promise.all(
      ["b_gate", "r_mag", "b_mag"].map((key) => readWeight(file, key, [dSae])),
    );
    return gatedActivation(gate.data, logScale.data, magnitude.data);
  }
  if (name === "topk") {
    const k = config.k ?? (config.activation_fn_kwargs as JsonObject | undefined)?.k;
    if (Number.isSafeInteger(k)) return { kind: "topk", k: Number(k) };
    throw new FileError(`Cannot load the sparse coder "${folder}": its cfg.json has no k for topk`, folder);
  }
  return { kind: "threshold", name, thresholds: new Float32Array(dSae) };
}

function saelensHookpoints(
  folder: string,
  { config, transcodes, ...options }: CoderOptions & { config: JsonObject; transcodes: boolean },
) {
  const metadata = (config.metadata ?? {}) as JsonObject;
  const written = metadata.hook_name ?? config.hook_name ?? config.hook_point;
  const hookpoint = options.hookpoint ?? (typeof written === "string" ? hookpointOf(written) : undefined);
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${folder}" reads: its hook name is "${written}"; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const writtenOut = transcodes ? (metadata.hook_name_out ?? config.hook_name_out) : undefined;
  const out = typeof writtenOut === "string" ? hookpointOf(writtenOut) : undefined;
  return { hookpoint, hookpointOut: options.hookpointOut ?? out ?? hookpoint };
}
