import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { hashFile } from "../formats/file-source.js";
import { readJsonFile } from "../formats/json-file.js";
import type { Tokenizer } from "../model/tokenizer.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import type { Tensor } from "../tensor.js";
import type { Precision } from "./activation-code.js";
import { readJson, writeJsonFile } from "./array-file.js";
import { type CacheIdentity, cacheDirectory } from "./cache-identity.js";
import { lockDirectory } from "./cache-lock.js";
import { manifestName, readManifest, writeManifest } from "./cache-manifest.js";
import { ContextWriter } from "./context-writer.js";
import { type DelphiShard, findDelphiShards, hookpointOfModule } from "./delphi-layout.js";
import { checkSame } from "./fill-caches.js";
import { GroupedWriter } from "./grouped-writer.js";
import { LatentCache } from "./latent-cache.js";
import { writing } from "./new-file.js";
import { readDelphiRows, readDelphiTokens, withShard } from "./read-delphi-shard.js";

export interface OpenDelphiOptions extends LongCallOptions {
  /** Of the model that was cached: delphi keeps ids only. */
  tokenizer: Tokenizer;
  /**
   * Where the index goes. Default: `saelab/<hookpoint>` beside delphi's folder `latents`; where nothing can be written
   * there, as for `cacheLatents`.
   */
  directory?: string | undefined;
  /** Default: from the folder's name, `.model.layers.10` being `layers.10`. */
  hookpoint?: string | undefined;
}

/**
 * Opens a cache that EleutherAI's delphi wrote: a folder `latents/<hookpoint>`. The first time, it is grouped by
 * latent into a cache of our own, since in delphi's format reading one latent is reading its whole file. One of
 * its files at a time is held in memory. Later, none of them is read, unless its size or time has changed.
 *
 * Activations keep delphi's precision. Where documents begin is not known, and nothing is left out at position 0.
 *
 * @throws {FileError} If the folder is not delphi's, is damaged, lacks tokens, or has tokens that the tokenizer has not.
 */
export async function openDelphiCache(folder: string, options: OpenDelphiOptions): Promise<LatentCache> {
  const shards = findDelphiShards(folder);
  const place = options.directory ?? placeBesideLatents(folder);
  if (place !== undefined && isIndexOf(place, shards, options)) return LatentCache.open(place);
  const [first] = shards as [DelphiShard];
  const { tokens, precision } = await withShard(first.path, async (file) => ({
    tokens: await readDelphiTokens(file, options.tokenizer.vocabSize),
    precision: file.tensors.get("activations")?.dtype === "F16" ? ("f16" as const) : ("f32" as const),
  }));
  const identity = await delphiIdentity(folder, shards, { ...options, tokens, precision });
  const directory = place ?? cacheDirectory(identity);
  writing(directory, () => mkdirSync(directory, { recursive: true }));
  const unlock = lockDirectory(directory);
  try {
    const isFinished = existsSync(join(directory, manifestName));
    if (isFinished) checkSame(directory, LatentCache.open(directory).manifest.identity, identity);
    else await index(directory, identity, { shards, tokens, options });
    await writeJsonFile(join(directory, shardsName), { shards: stampsOf(shards) });
  } finally {
    unlock();
  }
  return LatentCache.open(directory);
}

/** The sizes and times of delphi's files when they were indexed. */
const shardsName = "delphi.json";

function stampsOf(shards: readonly DelphiShard[]) {
  return shards.map(({ path }) => {
    const { size, mtimeMs } = statSync(path);
    return { name: basename(path), size, mtimeMs };
  });
}

/** Whether a folder has the index of these files as they are, made with the same options. */
function isIndexOf(directory: string, shards: readonly DelphiShard[], options: OpenDelphiOptions): boolean {
  const path = join(directory, shardsName);
  if (!existsSync(path) || !existsSync(join(directory, manifestName))) return false;
  const { tokenizer, coder } = readManifest(directory).identity;
  return (
    tokenizer.hash === options.tokenizer.hash &&
    coder.hookpoint === (options.hookpoint ?? coder.hookpoint) &&
    isDeepStrictEqual(Reflect.get(readJson(path), "shards"), stampsOf(shards))
  );
}

/** `saelab/<hookpoint>` beside `latents`, where delphi does not look; `undefined` where nothing can be written there. */
function placeBesideLatents(folder: string): string | undefined {
  const latents = dirname(resolve(folder));
  if (basename(latents) !== "latents") return undefined;
  const directory = join(dirname(latents), "saelab", basename(resolve(folder)));
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return directory;
  } catch {
    return undefined;
  }
}

interface IdentityParts extends OpenDelphiOptions {
  tokens: Tensor<Int32Array>;
  precision: Precision;
}

async function delphiIdentity(
  folder: string,
  shards: readonly DelphiShard[],
  { tokenizer, tokens, precision, hookpoint: wanted }: IdentityParts,
): Promise<CacheIdentity> {
  const config = (await readJsonFile(join(folder, "config.json"))) ?? {};
  const text = (value: unknown, otherwise: string) =>
    typeof value === "string" && value ? value : otherwise;
  const hookpoint = wanted ?? hookpointOfModule(basename(resolve(folder)));
  const hash = createHash("sha256");
  for (const { path } of shards) {
    hash.update(`${basename(path)}\n`);
    await hashFile(hash, path);
  }
  const dSae = (shards.at(-1)?.last ?? 0) + 1;
  return {
    model: { name: text(config.model_name, "unknown"), hash: "delphi" },
    coder: {
      name: `delphi/${hookpoint}`,
      kind: "delphi's cache",
      hash: hash.digest("hex"),
      ...{ hookpoint, hookpointOut: hookpoint, dModel: 0, dSae },
    },
    tokenizer: { hash: tokenizer.hash, vocabSize: tokenizer.vocabSize, bosId: tokenizer.bosId ?? null },
    corpus: { name: text(config.dataset_repo, "unknown"), hash: null },
    contextLength: tokens.shape[1] as number,
    maxTokens: null,
    keepBos: true,
    precision,
  };
}

interface IndexInput {
  shards: readonly DelphiShard[];
  tokens: Tensor<Int32Array>;
  options: OpenDelphiOptions;
}

async function index(directory: string, identity: CacheIdentity, input: IndexInput): Promise<void> {
  const contexts = await writeContexts(directory, input.tokens, input.options.tokenizer);
  const grouped = await groupShards(directory, identity, input);
  await writeManifest(directory, identity, contexts, grouped);
}

async function writeContexts(directory: string, tokens: Tensor<Int32Array>, tokenizer: Tokenizer) {
  const [contexts = 0, contextLength = 0] = tokens.shape;
  const writer = await ContextWriter.open(directory, { tokenizer, contextLength });
  try {
    for (let i = 0; i < contexts; i++) {
      await writer.add(tokens.data.subarray(i * contextLength, (i + 1) * contextLength), []);
    }
    return await writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

async function groupShards(
  directory: string,
  identity: CacheIdentity,
  { shards, tokens, options }: IndexInput,
) {
  const { contextLength, precision, coder } = identity;
  const writer = new GroupedWriter(directory, { dSae: coder.dSae, contextLength, precision });
  const meter = progressMeter("group by latent", "latents", coder.dSae, options.onProgress);
  const signal = callSignal(options);
  let clamped = 0;
  try {
    for (const shard of shards) {
      signal?.throwIfAborted();
      const rows = await withShard(shard.path, (file) => readDelphiRows(file, shard, tokens));
      writer.skipTo(shard.first);
      await writer.add(rows);
      clamped += rows.clamped;
      meter.report(shard.last + 1);
    }
    meter.end(coder.dSae);
    const grouped = await writer.close();
    return { ...grouped, clamped: grouped.clamped + clamped };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}
