/**
 * Gemma Scope 1 (Lieberum et al. 2024): `layer_N/width_16k/average_l0_X/params.npz` with
 * `W_enc [d, d_sae]`, `b_enc`, `threshold`, `W_dec [d_sae, d_out]`, `b_dec`. JumpReLU;
 * `b_dec` is not subtracted from the input. The site stands in the repository's name only.
 */
import { resolve, sep } from "node:path";
import { FileError } from "../errors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type CoderOptions, type CoderWeights, readMatrix, readWeight, transpose } from "./coder-weights.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the path does not tell the layer. */
export async function readGemmaScope(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const key = (name: string) => (file.tensors.has(name) ? name : name.toLowerCase());
  const encoder = transpose(await readMatrix(file, key("W_enc")));
  const [dSae] = encoder.shape;
  const decoder = await readMatrix(file, key("W_dec"));
  const dOut = decoder.shape[1];
  const thresholds = (await readWeight(file, "threshold", [dSae])).data;
  return {
    ...gemmaScopeHookpoints(folder, options),
    activation: {
      kind: "threshold",
      name: "jumprelu",
      thresholds,
    },
    encoder,
    encoderBias: (await readWeight(file, "b_enc", [dSae])).data,
    decoder: await readWeight(file, key("W_dec"), [dSae, dOut]),
    decoderBias: (await readWeight(file, "b_dec", [dOut])).data,
    subtractsDecoderBias: false,
    skip: undefined,
  };
}

function gemmaScopeHookpoints(folder: string, options: CoderOptions) {
  const parts = resolve(folder).split(sep);
  const layer = parts.map((part) => /^layer_(\d+)$/.exec(part)?.[1]).findLast((n) => n !== undefined);
  const repository =
    parts.findLast((part) => /gemma-scope-.+-(res|mlp|att|transcoders)$/.test(part)) ?? "res";
  const written = layer === undefined ? undefined : siteOf(repository, `layers.${layer}`);
  const hookpoint = options.hookpoint ?? written?.[0];
  if (hookpoint === undefined) {
    throw new FileError(
      `Cannot tell where the sparse coder "${folder}" reads: its path names no layer_N of a known site; give it as option, e.g. { hookpoint: "layers.2" }`,
      folder,
    );
  }
  const out = options.hookpoint === undefined ? written?.[1] : undefined;
  return { hookpoint, hookpointOut: options.hookpointOut ?? out ?? hookpoint };
}

function siteOf(repository: string, layer: string): readonly [string, string] | undefined {
  if (repository.endsWith("transcoders")) return [`${layer}.mlp.input`, `${layer}.mlp`];
  if (repository.endsWith("mlp")) return [`${layer}.mlp`, `${layer}.mlp`];
  // Attention coders read the heads before they are mixed, which is no hookpoint of ours.
  return repository.endsWith("att") ? undefined : [layer, layer];
}
