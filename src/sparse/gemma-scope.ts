/**
 * Gemma Scope 1 (Lieberum et al. 2024): `layer_N/width_16k/average_l0_X/params.npz` with
 * `W_enc [d, d_sae]`, `b_enc`, `threshold`, `W_dec [d_sae, d_out]`, `b_dec`. JumpReLU;
 * `b_dec` is not subtracted from the input. The site stands in the repository's name only. Coders
 * of the embedding (`embedding/…`) were trained before Gemma multiplies it by √d, our hookpoint is
 * after that.
 */
import { resolve, sep } from "node:path";
import { FileError } from "../errors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type CoderOptions, type CoderWeights, readMatrix, readWeight } from "./coder-weights.js";
import { columnsOf } from "./columns-of.js";
import { jumpRelu, scaled } from "./linear-weights.js";

/** @throws {FileError} If a key is missing or of a wrong shape, or the path does not tell the layer. */
export async function readGemmaScope(
  folder: string,
  { file, ...options }: CoderOptions & { file: TensorFile },
): Promise<CoderWeights> {
  const key = (name: string) => (file.tensors.has(name) ? name : name.toLowerCase());
  const encoder = columnsOf(await readMatrix(file, key("W_enc")));
  const [dSae] = encoder.shape;
  const decoder = await readMatrix(file, key("W_dec"));
  const dOut = decoder.shape[1];
  const thresholds = (await readWeight(file, "threshold", [dSae])).data;
  const places = gemmaScopeHookpoints(folder, options);
  const scale = places.hookpoint === "embed" ? Math.sqrt(encoder.shape[1]) : 1;
  return {
    ...places,
    activation: jumpRelu(thresholds),
    encoder: scaled(encoder, 1 / scale),
    encoderBias: (await readWeight(file, "b_enc", [dSae])).data,
    decoder: scaled(await readWeight(file, key("W_dec"), [dSae, dOut]), scale),
    decoderBias: (await readWeight(file, "b_dec", [dOut])).data.map((bias) => bias * scale),
    subtractsDecoderBias: false,
    skip: undefined,
  };
}

function gemmaScopeHookpoints(folder: string, options: CoderOptions) {
  const parts = resolve(folder).split(sep);
  const layer = parts.map((part) => /^layer_(\d+)$/.exec(part)?.[1]).findLast((n) => n !== undefined);
  const repository =
    parts.findLast((part) => /gemma-scope-.+-(res|mlp|att|transcoders)$/.test(part)) ?? "res";
  const embedded = parts.includes("embedding") ? (["embed", "embed"] as const) : undefined;
  const written = layer === undefined ? embedded : siteOf(repository, `layers.${layer}`);
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

function siteOf(repository: string, layer: string): readonly [string, string] {
  if (repository.endsWith("transcoders")) return [`${layer}.mlp.input`, `${layer}.mlp`];
  const site = { mlp: ".mlp", att: ".attention.heads", res: "" }[repository.split("-").at(-1) ?? ""] ?? "";
  return [`${layer}${site}`, `${layer}${site}`];
}
