/**
 * Goodfire: one `.pt` or `.pth`, a state dict of two linear layers, `encoder_linear` and
 * `decoder_linear` (`encoder` and `decoder` in that of DeepSeek-R1). ReLU, nothing is subtracted. The file's name ends in the layer (`-l19.pth`).
 */
import { basename } from "node:path";
import { FileError } from "../errors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { readLinearWeights, relu } from "./linear-weights.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the name does not tell the layer. */
export async function readGoodfire(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const layer = /-l(\d+)\.pth?$/.exec(basename(file.name))?.[1];
  const hookpoint = options.hookpoint ?? (layer === undefined ? undefined : `layers.${layer}`);
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${file.name}" reads: its name does not end in a layer; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const suffix = file.tensors.has("encoder_linear.weight") ? "_linear" : "";
  const linear = await readLinearWeights(file, {
    encoder: `encoder${suffix}.weight`,
    encoderBias: `encoder${suffix}.bias`,
    decoder: `decoder${suffix}.weight`,
    decoderBias: `decoder${suffix}.bias`,
    decoderTransposed: true,
  });
  return {
    ...linear,
    hookpoint,
    hookpointOut: options.hookpointOut ?? hookpoint,
    activation: relu(linear.encoder.shape[0]),
    subtractsDecoderBias: false,
    skip: undefined,
  };
}
