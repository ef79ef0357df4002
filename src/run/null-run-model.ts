import { modelOf } from "../cache/cache-model.js";
import type { LatentCache } from "../cache/latent-cache.js";
import { FileError } from "../errors.js";
import { parseHubSource } from "../model/hub.js";
import { cachedRepository } from "../model/hub-cache.js";
import { loadModel } from "../model/load-model.js";
import type { SubjectModel } from "../model/subject-model.js";

/** The model of a cache: as it is given, as this process made the cache with it, or the name that it is loaded by. */
export function knownModel(
  cache: LatentCache,
  given: SubjectModel | undefined,
): SubjectModel | string | undefined {
  const { name } = cache.manifest.identity.model;
  const isName = name === "demo" || name.startsWith("hf:");
  return given ?? modelOf(cache) ?? (isName ? name : undefined);
}

/** Lends that model: one that has to be loaded is loaded when it is first asked for, and closed at the end. */
export function lentModel(
  cache: LatentCache,
  given: SubjectModel | undefined,
): { open(): Promise<SubjectModel>; close(): Promise<void> } {
  const known = knownModel(cache, given);
  let loaded: Promise<SubjectModel> | undefined;
  return {
    async open() {
      if (typeof known === "object") return known;
      loaded ??= loadSame(cache);
      return await loaded;
    },
    async close() {
      const model = await loaded?.catch(() => undefined);
      await model?.close();
    },
  };
}

/** A null run is no reason to fetch gigabytes, and another version's null is none. */
async function loadSame(cache: LatentCache): Promise<SubjectModel> {
  const { name, hash } = cache.manifest.identity.model;
  const hub = parseHubSource(name);
  if (hub && (await cachedRepository(hub).snapshot(hub.revision)) === undefined) {
    throw new FileError(
      `the model "${name}" is not on this machine; load it and give it as nulls.model`,
      name,
    );
  }
  const model = await loadModel(name);
  if (model.hash === hash) return model;
  await model.close();
  throw new FileError(`the model "${name}" is not the one that the cache was made with any more`, name);
}
