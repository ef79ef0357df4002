/**
 * SAELens: `cfg.json` and `sae_weights.safetensors` (`W_enc [d, d_sae]`, `b_enc`,
 * `W_dec [d_sae, d_out]`, `b_dec`, maybe `threshold`, `W_skip [d_out, d]`). Versions 6, 5 and
 * before differ in where `cfg.json` says the hookpoint. BatchTopK and Matryoshka coders are saved
 * as `jumprelu`; checkpoints of their training hold one `topk_threshold`, which counts after
 * scaling by decoder norms. `hook_z` joins the heads of attention, as our hookpoint has them.
 * What is not understood is refused, not guessed.
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
} from "./coder-weights.js";
import { columnsOf } from "./columns-of.js";
import { normaliseDecoder } from "./decoder-norms.js";
import { hookpointOf } from "./hook-names.js";
import type { InputNorm } from "./input-norm.js";
import { jumpRelu, readThresholds, relu } from "./linear-weights.js";

/** Architectures by the activation function that they use. */
const architectures: Record<string, "relu" | "jumprelu" | "topk" | "batchtopk" | "gated"> = {
  standard: "relu",
  transcoder: "relu",
  skip_transcoder: "relu",
  jumprelu: "jumprelu",
  jumprelu_transcoder: "jumprelu",
  jumprelu_skip_transcoder: "jumprelu",
  topk: "topk",
  batchtopk: "batchtopk",
  matryoshka_batchtopk: "batchtopk",
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
  await refuseScalingFactor(folder, file);
  const encoder = columnsOf(await readMatrix(file, "W_enc"));
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
  const folded = config.rescale_acts_by_decoder_norm === true ? normaliseDecoder(weights) : weights;
  if (architectures[architecture] !== "batchtopk") return folded;
  const thresholds = await readThresholds(file, "topk_threshold", { dSae });
  return { ...folded, activation: { kind: "threshold", name: "batchtopk", thresholds } };
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
  if (reshaping !== "none" && reshaping !== "hook_z") {
    throw wrong("reshape_activations", reshaping, "none or hook_z");
  }
  const { hook_head_index: head = config.hook_head_index } = (config.metadata ?? {}) as JsonObject;
  if (head !== undefined && head !== null) throw wrong("hook_head_index", head, "none");
}

/** Left by an old kind of finetuning; current versions of SAELens take none but ones either. */
async function refuseScalingFactor(folder: string, file: TensorFile): Promise<void> {
  if (!file.tensors.has("scaling_factor")) return;
  const { data } = await file.float32("scaling_factor");
  if (data.every((factor) => factor === 1)) return;
  throw new FileError(
    `Cannot load the sparse coder "${folder}": it has a scaling_factor other than 1; fold it into the weights with the SAELens that trained it`,
    folder,
  );
}

async function activationOf(
  architecture: string,
  { config, file, dSae, folder }: { config: JsonObject; file: TensorFile; dSae: number; folder: string },
): Promise<ActivationFunction> {
  const name = architectures[architecture];
  // Before version 6 a standard coder could have another function.
  const named = config.activation_fn ?? config.activation_fn_str ?? "relu";
  if (name === "relu" && named !== "relu" && named !== "topk") {
    throw new FileError(
      `Cannot load the sparse coder "${folder}": its activation_fn is ${named}; relu or topk is wanted`,
      folder,
    );
  }
  if (name === "jumprelu") {
    return jumpRelu((await readWeight(file, "threshold", [dSae])).data);
  }
  if (name === "gated") {
    const [gate, logScale, magnitude] = await Promise.all(
      ["b_gate", "r_mag", "b_mag"].map((key) => readWeight(file, key, [dSae])),
    );
    return gatedActivation(gate.data, logScale.data, magnitude.data);
  }
  if (name === "topk" || (name === "relu" && named === "topk")) {
    const k = config.k ?? (config.activation_fn_kwargs as JsonObject | undefined)?.k;
    if (Number.isSafeInteger(k)) return { kind: "topk", k: Number(k) };
    throw new FileError(`Cannot load the sparse coder "${folder}": its cfg.json has no k for topk`, folder);
  }
  return relu(dSae);
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
