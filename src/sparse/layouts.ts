/** The ways to lay out a sparse coder in files, and how to tell which one a folder has. */
import type { ByteSource } from "../formats/byte-source.js";
import type { JsonObject } from "../formats/json-file.js";
import { openNpz } from "../formats/npz.js";
import { openSafetensors } from "../formats/safetensors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { openTorch } from "../formats/torch.js";
import { readCircuitTracer } from "./circuit-tracer.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { readCrossLayer, readGemmaCrossLayer } from "./cross-layer.js";
import { readModelCrosscoder } from "./crosscoder.js";
import { readDictionaryLearning } from "./dictionary-learning.js";
import { readGemmaScope } from "./gemma-scope.js";
import { readGemmaScope2 } from "./gemma-scope-2.js";
import { readGoodfire } from "./goodfire.js";
import { readHookZ } from "./hook-z.js";
import { readLlamaScope } from "./llama-scope.js";
import { readOpenai } from "./openai.js";
import { readQwenScope } from "./qwen-scope.js";
import { readSaelens } from "./saelens.js";
import { readSparsify } from "./sparsify.js";

export interface Layout {
  /** The weights' path below the coder's folder, as one would write it; `N` and `NAME` vary. */
  readonly weights: string;
  /** What such paths match. */
  readonly pattern: RegExp;
  /** File with the configuration; `undefined` where the layout has none. */
  readonly config: string | undefined;
  /** Further files that a coder is made of, when its weights are this file. */
  readonly beside?: (weights: string) => readonly string[];
  /** A tensor that tells the layout from others with such files. */
  readonly has?: string;
  /** How many of the last parts of its path name a coder. Default: 1. */
  readonly nameParts?: number;
  open(source: ByteSource): Promise<TensorFile>;
  read(
    folder: string,
    options: CoderOptions & { config: JsonObject; file: TensorFile },
  ): Promise<CoderWeights>;
}

export const layouts: readonly Layout[] = [
  only("sae.safetensors", { config: "cfg.json", open: openSafetensors, read: readSparsify }),
  only("sae_weights.safetensors", { config: "cfg.json", open: openSafetensors, read: readSaelens }),
  only("params.npz", { config: undefined, open: openNpz, read: readGemmaScope, nameParts: 3 }),
  only("ae.pt", { config: "config.json", open: openTorch, read: readDictionaryLearning, nameParts: 2 }),
  only("params.safetensors", { config: "config.json", open: openSafetensors, read: readGemmaScope2 }),
  only("checkpoints/final.safetensors", {
    config: "hyperparams.json",
    open: openSafetensors,
    read: readLlamaScope,
  }),
  only("sae_weights.safetensors", { config: "config.json", open: openSafetensors, read: readLlamaScope }),
  {
    weights: "layerN.sae.pt",
    pattern: /^layer\d+\.sae\.pt$/,
    config: "config.json",
    open: openTorch,
    read: readQwenScope,
    nameParts: 2,
  },
  {
    weights: "layer_N.safetensors",
    pattern: /^layer_\d+\.safetensors$/,
    config: undefined,
    open: openSafetensors,
    read: readCircuitTracer,
    nameParts: 2,
  },
  {
    weights: "W_enc_N.safetensors",
    pattern: /^W_enc_\d+\.safetensors$/,
    config: undefined,
    beside: (weights) => [weights.replace("W_enc", "W_dec")],
    open: openSafetensors,
    read: readCrossLayer,
    nameParts: 2,
  },
  {
    weights: "params_layer_N.safetensors",
    pattern: /^params_layer_\d+\.safetensors$/,
    config: "config.json",
    open: openSafetensors,
    read: readGemmaCrossLayer,
    nameParts: 3,
  },
  only("cc_weights.pt", { config: "cfg.json", open: openTorch, read: readModelCrosscoder }),
  {
    weights: "N.pt",
    pattern: /^\d+\.pt$/,
    config: undefined,
    has: "pre_bias",
    open: openTorch,
    read: readOpenai,
    nameParts: 2,
  },
  {
    weights: "NAME.pth",
    pattern: /\.pth?$/,
    config: undefined,
    has: "encoder_linear.weight",
    open: openTorch,
    read: readGoodfire,
  },
  {
    weights: "NAME.pt",
    pattern: /\.pt$/,
    config: undefined,
    beside: (weights) => [weights.replace(/\.pt$/, "_cfg.json")],
    has: "W_enc",
    open: openTorch,
    read: readHookZ,
  },
  {
    weights: "NAME-lN.pt",
    pattern: /-l\d+\.pth?$/,
    config: undefined,
    has: "encoder.weight",
    open: openTorch,
    read: readGoodfire,
  },
];

/** The weights that were found, and the layouts that such a file may have. */
export interface FoundWeights {
  readonly weights: string;
  readonly layouts: readonly Layout[];
}

/**
 * Which of a folder's files holds a coder; `undefined` if none does. A layout whose configuration
 * is missing is the last choice.
 *
 * @param files Paths below the folder.
 * @throws {RangeError} If several of one layout do.
 */
export function findWeights(files: readonly string[], config = files): FoundWeights | undefined {
  const complete = layouts.filter((layout) => layout.config === undefined || config.includes(layout.config));
  for (const candidates of [complete, layouts]) {
    const first = candidates.find(({ pattern }) => files.some((file) => pattern.test(file)));
    if (!first) continue;
    const matching = files.filter((file) => first.pattern.test(file));
    if (matching.length > 1) {
      throw new RangeError(`it holds ${matching.slice(0, 12).join(", ")}; give the path of one of them`);
    }
    const [weights] = matching;
    return { weights, layouts: candidates.filter(({ pattern }) => pattern.test(weights)) };
  }
  return undefined;
}

function only(weights: string, rest: Omit<Layout, "weights" | "pattern">): Layout {
  const pattern = new RegExp(`^${weights.replaceAll(".", "\\.")}$`);
  return { ...rest, weights, pattern };
}
