/**
 * circuit-tracer's transcoders, one file for each layer: `layer_N.safetensors` with
 * `W_enc [d_sae, d]`, `W_dec [d_sae, d_out]`, biases, maybe thresholds (JumpReLU, else ReLU) and
 * `W_skip [d_out, d]`. They read the MLP's input and predict its output unless the `config.yaml`
 * beside them, of which three lines matter, says otherwise. Cross-layer ones: `cross-layer.ts`.
 */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileError } from "../errors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import {
  type ActivationFunction,
  type CoderOptions,
  type CoderWeights,
  readWeight,
} from "./coder-weights.js";
import { hookpointOf } from "./hook-names.js";
import { jumpRelu, readLinearWeights, readThresholds, relu } from "./linear-weights.js";
import { yamlSetting } from "./yaml-setting.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the place is not known. */
export async function readCircuitTracer(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const settings = await readFile(join(folder, "config.yaml"), "utf8").catch(() => "");
  const setting = (key: string) => yamlSetting(settings, key);
  const layer = /layer_(\d+)\.safetensors$/.exec(basename(file.name))?.[1] ?? "0";
  const place = (key: string, otherwise: string) =>
    hookpointOf(`blocks.${layer}.${setting(key) ?? otherwise}`);
  const hookpoint = options.hookpoint ?? place("feature_input_hook", "mlp.hook_in");
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${file.name}" reads: its feature_input_hook is "${setting("feature_input_hook")}", which is no hookpoint; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const linear = await readLinearWeights(file, {
    encoder: "W_enc",
    encoderBias: "b_enc",
    decoder: "W_dec",
    decoderBias: "b_dec",
  });
  const [dSae, dModel] = linear.encoder.shape;
  const writtenOut =
    options.hookpoint === undefined ? place("feature_output_hook", "hook_mlp_out") : undefined;
  return {
    ...linear,
    hookpoint,
    hookpointOut: options.hookpointOut ?? writtenOut ?? hookpoint,
    activation: await activationOf(file, dSae, setting("k")),
    subtractsDecoderBias: false,
    skip: file.tensors.has("W_skip")
      ? await readWeight(file, "W_skip", [linear.decoder.shape[1], dModel])
      : undefined,
  };
}

async function activationOf(
  file: TensorFile,
  dSae: number,
  k: string | undefined,
): Promise<ActivationFunction> {
  const name = ["activation_function.threshold", "threshold"].find((key) => file.tensors.has(key));
  if (name) return jumpRelu(await readThresholds(file, name, { dSae }));
  return k !== undefined && /^\d+$/.test(k) ? { kind: "topk", k: Number(k) } : relu(dSae);
}
