import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Corpus } from "../corpus/corpus.js";
import type { Tokenizer } from "../model/tokenizer.js";
import { callSignal, type LongCallOptions } from "../progress.js";
import { checkFits } from "../sparse/check-fits.js";
import { writeJsonFile } from "./array-file.js";
import { type CacheIdentity, cacheIdentity } from "./cache-identity.js";
import type { CacheInput } from "./cache-latents.js";
import { lockAfterStopped } from "./cache-lock.js";
import { manifestName, planName } from "./cache-manifest.js";
import { rememberModel } from "./cache-model.js";
import { contextsName } from "./context-files.js";
import { ContextWriter } from "./context-writer.js";
import { checkSame, fillCaches } from "./fill-caches.js";
import { LatentCache } from "./latent-cache.js";
import { writing } from "./new-file.js";
import { runsDirectory } from "./run-file.js";

export interface CacheBeginningOptions extends LongCallOptions {
  directory: string;
  /** How many of the cache's contexts. */
  contexts: number;
}

/**
 * Caches latents of another model or coder on the first contexts of a cache, token for token; the corpus is not read.
 * What `cacheLatents` with `maxTokens` would make of the same corpus.
 *
 * @throws {RangeError} If the model has another tokenizer.
 * @throws {HookpointError} If the coder does not fit the model.
 * @throws {FileError} As `cacheLatents`.
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop; what is computed is kept.
 */
export async function cacheBeginning(
  cache: LatentCache,
  { model, coder }: CacheInput,
  { directory, contexts, ...options }: CacheBeginningOptions,
): Promise<LatentCache> {
  const { corpus, tokenizer, keepBos } = cache.manifest.identity;
  checkFits(model, coder);
  if (model.tokenizer.hash !== tokenizer.hash) {
    throw new RangeError(
      `Cannot run "${model.name}" on the tokens of "${cache.directory}": its tokenizer is another one; give the model that the cache was made with`,
    );
  }
  const source: Corpus = { name: corpus.name, hash: corpus.hash ?? undefined, documents: noDocuments };
  const { contextLength } = cache;
  const identity = cacheIdentity(model, coder, source, {
    ...{ contextLength, maxTokens: contexts * contextLength },
    ...{ keepBos, precision: "f32" },
  });
  if (existsSync(join(directory, manifestName))) {
    checkSame(directory, LatentCache.open(directory).manifest.identity, identity);
  } else {
    writing(directory, () => mkdirSync(runsDirectory(directory), { recursive: true }));
    const unlock = await lockAfterStopped(directory, callSignal(options));
    try {
      await provideContexts(cache, model.tokenizer, { directory, contexts, identity });
      await fillCaches([{ coder, identity, directory }], { model, source, finished: [], options });
    } finally {
      unlock();
    }
  }
  return rememberModel(LatentCache.open(directory), model);
}

/** Never read: the contexts are there. */
async function* noDocuments(): AsyncGenerator<string> {}

/** The first stage of the cache that is filled. */
async function provideContexts(
  cache: LatentCache,
  tokenizer: Tokenizer,
  { directory, contexts, identity }: { directory: string; contexts: number; identity: CacheIdentity },
): Promise<void> {
  if (existsSync(join(directory, contextsName))) return;
  const { contextLength } = cache;
  const writer = await ContextWriter.open(directory, { tokenizer, contextLength });
  let document = 0;
  for (let context = 0; context < contexts; context++) {
    const base = context * contextLength;
    const starts: number[] = [];
    while (document < cache.documents.length && cache.documents[document] < base + contextLength) {
      starts.push(cache.documents[document++] - base);
    }
    await writer.add(cache.tokens(context), starts);
  }
  const written = await writer.close();
  await writeJsonFile(join(directory, planName), identity);
  await writeJsonFile(join(directory, contextsName), written);
}
