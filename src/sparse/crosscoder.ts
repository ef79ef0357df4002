/**
 * Crosscoders (Lindsey et al. 2024): latents read several places at once and write each of them. That
 * is an SAE of the places' activations one after the other, so the hookpoint is their names joined
 * by `+`, and `encode` takes `[…, places · d]`. Layouts: `cc_weights.pt` of a crosscoder of two
 * models (Kissane et al. 2024: `W_enc [2, d, d_sae]`, `b_enc`, `W_dec [d_sae, 2, d]`, `b_dec [2, d]`),
 * and dictionary_learning's `CrossCoder` (`encoder.weight [places, d, d_sae]`, `decoder.weight
 * [places, d_sae, d]`, both biases). ReLU; nothing is subtracted.
 */
import { FileError } from "../errors.js";
import type { JsonObject } from "../formats/json-file.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type Tensor, tensor } from "../tensor.js";
import { type CoderOptions, type CoderWeights, readWeight, transpose } from "./coder-weights.js";
import { hookpointOf } from "./hook-names.js";
import { relu } from "./linear-weights.js";

/** `cc_weights.pt`. @throws {FileError} If a key is missing or of a wrong shape, or the place is not known. */
export async function readModelCrosscoder(
  folder: string,
  { config, file, ...options }: CoderOptions & { config: JsonObject; file: TensorFile },
): Promise<CoderWeights> {
  const encoder = await readParts(file, "W_enc");
  const [places, d, dSae] = encoder.shape;
  const place = typeof config.hook_point === "string" ? hookpointOf(config.hook_point) : undefined;
  return joined(folder, {
    ...options,
    written: place && Array(places).fill(place).join("+"),
    encoder,
    encoderBias: await readWeight(file, "b_enc", [dSae]),
    decoder: await readWeight(file, "W_dec", [dSae, places, d]),
    decoderBias: await readWeight(file, "b_dec", [places, d]),
  });
}

/** dictionary_learning's. @throws {FileError} As `readModelCrosscoder`. */
export async function readDictionaryCrosscoder(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const encoder = await readParts(file, "encoder.weight");
  const [places, d, dSae] = encoder.shape;
  return joined(folder, {
    ...options,
    written: undefined,
    encoder,
    encoderBias: await readWeight(file, "encoder.bias", [dSae]),
    decoder: latentsFirst(await readWeight(file, "decoder.weight", [places, dSae, d])),
    decoderBias: await readWeight(file, "decoder.bias", [places, d]),
  });
}

interface Parts extends CoderOptions {
  readonly written: string | undefined;
  /** `[places, d, d_sae]`. */
  readonly encoder: Tensor;
  readonly encoderBias: Tensor;
  /** `[d_sae, places, d]`. */
  readonly decoder: Tensor;
  readonly decoderBias: Tensor;
}

function joined(folder: string, { written, encoder, decoder, ...parts }: Parts): CoderWeights {
  const [places, d, dSae] = encoder.shape;
  const hookpoint = parts.hookpoint ?? written;
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${folder}" reads: its files do not name its ${places} hookpoints; give them as option, e.g. { hookpoint: "layers.2+layers.3" }`,
      folder,
    );
  }
  return {
    hookpoint,
    hookpointOut: parts.hookpointOut ?? hookpoint,
    activation: relu(dSae),
    encoder: transpose(tensor(encoder.data, [places * d, dSae])),
    encoderBias: parts.encoderBias.data,
    decoder: tensor(decoder.data, [dSae, places * d]),
    decoderBias: parts.decoderBias.data,
    subtractsDecoderBias: false,
    skip: undefined,
  };
}

async function readParts(file: TensorFile, name: string): Promise<Tensor> {
  const found = await file.float32(name);
  if (found.shape.length === 3) return found;
  throw new FileError(
    `Cannot read "${name}" of "${file.name}": it is [${found.shape.join(", ")}], one matrix for each place is wanted`,
    file.name,
  );
}

/** `[places, d_sae, d]` to `[d_sae, places, d]`. */
function latentsFirst({ data, shape }: Tensor): Tensor {
  const [places, dSae, d] = shape;
  const out = new Float32Array(data.length);
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < dSae; i++) {
      const from = (place * dSae + i) * d;
      out.set(data.subarray(from, from + d), (i * places + place) * d);
    }
  }
  return tensor(out, [dSae, places, d]);
}
