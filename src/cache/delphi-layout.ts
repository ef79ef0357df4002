/**
 * How EleutherAI's delphi keeps activations: `latents/<hookpoint>/<first>_<last>.safetensors`, each with the rows of the
 * latents `first` to `last`, both included, and `config.json`. A row is `locations` (context, position, latent −
 * first) and `activations` (float16); `tokens` are the same in every file.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";

/** `config.json` beside the files. */
export interface DelphiConfig {
  readonly dataset_repo: string;
  readonly dataset_split: string;
  readonly dataset_name: string;
  readonly dataset_column: string;
  readonly batch_size: number;
  readonly cache_ctx_len: number;
  readonly n_tokens: number;
  readonly n_splits: number;
  readonly model_name: string;
}

/** Activations are kept where they are larger than this. */
export const delphiThreshold = 1e-5;

/** More than any coder has: a name alone should not claim memory. */
const mostLatents = 1 << 24;

export interface DelphiShard {
  readonly path: string;
  readonly first: number;
  readonly last: number;
}

/**
 * The shards in a folder, by latent; their ranges stand in their names.
 *
 * @throws {FileError} If there are none, or two hold the same latent.
 */
export function findDelphiShards(folder: string): DelphiShard[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new FileError(`Cannot open delphi's cache "${folder}": there is no such folder`, folder, { cause });
  }
  const shards = names
    .flatMap((name) => {
      const [, first, last] = /^(\d{1,10})_(\d{1,10})\.safetensors$/.exec(name) ?? [];
      return first && last ? [{ path: join(folder, name), first: Number(first), last: Number(last) }] : [];
    })
    .sort((a, b) => a.first - b.first);
  if (shards.length === 0) {
    throw new FileError(
      `Cannot open delphi's cache "${folder}": it has no files like "0_1023.safetensors"; give the folder of one hookpoint in "latents"`,
      folder,
    );
  }
  let next = 0;
  for (const { path, first, last } of shards) {
    if (first < next || last < first || last >= mostLatents) {
      throw new FileError(
        `Cannot open "${path}": its name gives latents that another file has, or none; delete what does not belong there`,
        path,
      );
    }
    next = last + 1;
  }
  return shards;
}

/** The ranges of `count` shards, as delphi rounds them (`torch.linspace` in float32). */
export function delphiRanges(dSae: number, count: number): { first: number; last: number }[] {
  const step = Math.fround(dSae / count);
  const bound = (i: number) =>
    Math.trunc(
      i < (count + 1) / 2 ? Math.fround(step * i) : Math.fround(dSae - Math.fround(step * (count - i))),
    );
  return Array.from({ length: count }, (_, i) => ({ first: bound(i), last: bound(i + 1) - 1 }));
}

/** A hookpoint in saelab's words: delphi takes the names of modules, older versions with a dot in front. */
export function hookpointOfModule(module: string): string {
  return module
    .replace(/^\.?(model\.|gpt_neox\.|transformer\.)?/, "")
    .replace(/^h\.(?=\d)/, "layers.")
    .replace(/^(layers\.\d+)\.(self_attn|attn)$/, "$1.attention")
    .replace(/^(layers\.\d+)\.post_feedforward_layernorm$/, "$1.mlp");
}
