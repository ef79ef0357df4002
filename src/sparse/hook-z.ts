/**
 * Connor Kissane's and Rob Krzyzanowski's attention coders: `NAME.pt`, a state dict in SAELens'
 * orientation, beside `NAME_cfg.json`, where `act_name` is a `hook_z`. ReLU, `b_dec` is subtracted;
 * the heads are read one after the other.
 */
import { FileError } from "../errors.js";
import { readJsonFile } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { hookpointOf } from "./hook-names.js";
import { readLinearWeights, relu } from "./linear-weights.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the place is not known. */
export async function readHookZ(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const path = file.name.replace(/\.pt$/, "_cfg.json");
  const { act_name: written } = (await readJsonFile(path)) ?? {};
  const hookpoint = options.hookpoint ?? (typeof written === "string" ? hookpointOf(written) : undefined);
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${file.name}" reads: "${path}" gives "${written}" as act_name; give it as option, e.g. { hookpoint: "layers.2.attention.heads" }`,
      folder,
    );
  }
  const linear = await readLinearWeights(file, {
    encoder: "W_enc",
    encoderBias: "b_enc",
    decoder: "W_dec",
    decoderBias: "b_dec",
    encoderTransposed: true,
  });
  return {
    ...linear,
    hookpoint,
    hookpointOut: options.hookpointOut ?? hookpoint,
    activation: relu(linear.encoder.shape[0]),
    subtractsDecoderBias: true,
    skip: undefined,
  };
}
