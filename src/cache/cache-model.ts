import type { SubjectModel } from "../model/subject-model.js";
import type { LatentCache } from "./latent-cache.js";

const models = new WeakMap<LatentCache, SubjectModel>();

/** Notes which model a cache was made with, for as long as both are there. */
export function rememberModel(cache: LatentCache, model: SubjectModel): LatentCache {
  models.set(cache, model);
  return cache;
}

/** The model that `cacheLatents` made or found a cache with; `undefined` of a cache that was opened from its folder. */
export function modelOf(cache: LatentCache): SubjectModel | undefined {
  return models.get(cache);
}
