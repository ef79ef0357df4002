import { join } from "node:path";
import { writeFileAtomic } from "../atomic-file.js";
import { encodeSafetensors, type TensorToStore } from "../formats/safetensors.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { type DelphiConfig, delphiRanges, delphiThreshold } from "./delphi-layout.js";
import type { LatentCache } from "./latent-cache.js";

export interface WriteDelphiOptions extends LongCallOptions {
  /** Number of files that the latents are divided into; each is put together in memory. Default: 5, as delphi's. */
  splits?: number | undefined;
  /** What `config.json` should say; the rest is what the cache knows, or delphi's defaults. */
  config?: Partial<DelphiConfig> | undefined;
}

/**
 * Writes a cache as EleutherAI's delphi would: into `folder`, which delphi looks for as `latents/<hookpoint>`. Same
 * rows, order, types and bytes as its `LatentCache.save_splits`: activations are rounded to float16 (beyond 65,504 to
 * infinity), those of 1e-5 and less are left out, tokens are repeated in every file.
 *
 * @throws {RangeError} If `splits` is not a whole number from 1 to the number of latents.
 * @throws {FileError} If a file cannot be written; those before it are complete.
 */
export async function writeDelphiCache(
  cache: LatentCache,
  folder: string,
  options: WriteDelphiOptions = {},
): Promise<void> {
  const splits = options.splits ?? Math.min(5, cache.dSae);
  if (!Number.isInteger(splits) || splits < 1 || splits > cache.dSae) {
    throw new RangeError(
      `Cannot write ${cache.dSae} latents in ${splits} files: give a whole number from 1 to ${cache.dSae}`,
    );
  }
  const signal = callSignal(options);
  const meter = progressMeter("write delphi's cache", "latents", cache.dSae, options.onProgress);
  const tokens = allTokens(cache);
  for (const { first, last } of delphiRanges(cache.dSae, splits)) {
    signal?.throwIfAborted();
    const bytes = encodeSafetensors(shardTensors(readRows(cache, first, last), tokens));
    await writeFileAtomic(join(folder, `${first}_${last}.safetensors`), bytes);
    meter.report(last + 1);
  }
  const config = { ...defaultConfig(cache, splits), ...options.config };
  await writeFileAtomic(join(folder, "config.json"), JSON.stringify(config, null, 4));
  meter.end(cache.dSae);
}

function defaultConfig({ manifest, contextLength, tokenCount }: LatentCache, splits: number): DelphiConfig {
  return {
    dataset_repo: manifest.identity.corpus.name,
    dataset_split: "train",
    dataset_name: "",
    dataset_column: "text",
    batch_size: 32,
    cache_ctx_len: contextLength,
    n_tokens: tokenCount,
    n_splits: splits,
    model_name: manifest.identity.model.name,
  };
}

function allTokens(cache: LatentCache): TensorToStore {
  const data = new BigInt64Array(cache.tokenCount);
  for (let context = 0; context < cache.contextCount; context++) {
    data.set(Array.from(cache.tokens(context), BigInt), context * cache.contextLength);
  }
  return { data, shape: [cache.contextCount, cache.contextLength] };
}

interface Rows {
  /** (context, position, latent − first) of each row. */
  locations: Uint32Array;
  activations: Float32Array;
}

/** Rows of the latents `first` to `last` in order of context, position, latent: a stable counting sort. */
function readRows(cache: LatentCache, first: number, last: number): Rows {
  const latents = Array.from({ length: last - first + 1 }, (_, i) => aboveThreshold(cache, first + i));
  const next = new Float64Array(cache.tokenCount + 1);
  for (const { positions } of latents) {
    for (const position of positions) (next[position + 1] as number)++;
  }
  for (let i = 0; i < cache.tokenCount; i++) (next[i + 1] as number) += next[i] as number;
  const count = next[cache.tokenCount] as number;
  const rows = { locations: new Uint32Array(3 * count), activations: new Float32Array(count) };
  latents.forEach(({ positions, activations }, latent) => {
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i] as number;
      const row = (next[position] as number)++;
      rows.locations[3 * row] = Math.floor(position / cache.contextLength);
      rows.locations[3 * row + 1] = position % cache.contextLength;
      rows.locations[3 * row + 2] = latent;
      rows.activations[row] = activations[i] as number;
    }
  });
  return rows;
}

function aboveThreshold(cache: LatentCache, latent: number) {
  const { positions, activations } = cache.read(latent);
  if (activations.every((activation) => activation > delphiThreshold)) return { positions, activations };
  const counts = (_: number, i: number) => (activations[i] as number) > delphiThreshold;
  return { positions: positions.filter(counts), activations: activations.filter(counts) };
}

/** In the order that safetensors' writer gives them: by type, then name. */
function shardTensors(
  { locations, activations }: Rows,
  tokens: TensorToStore,
): Record<string, TensorToStore> {
  const rows = activations.length;
  const halves: TensorToStore = { data: activations, shape: [rows], dtype: "F16" };
  if (locations.every((number) => number < 1 << 16)) {
    return { tokens, activations: halves, locations: { data: new Uint16Array(locations), shape: [rows, 3] } };
  }
  return { tokens, locations: { data: locations, shape: [rows, 3] }, activations: halves };
}
