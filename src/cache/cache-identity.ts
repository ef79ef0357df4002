import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Corpus } from "../corpus/corpus.js";
import type { SubjectModel } from "../model/subject-model.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import type { Precision } from "./activation-code.js";

/** Of the layout of the files. */
export const cacheVersion = 2;

/** Everything that the content of a cache depends on. Two caches with equal identities hold the same. */
export interface CacheIdentity {
  readonly model: {
    readonly name: string;
    readonly hash: string;
    /** What computed it: `cpu`, `cuda` …; activations differ by rounding. */
    readonly provider?: string;
  };
  readonly coder: {
    readonly name: string;
    readonly kind: string;
    readonly hash: string;
    readonly hookpoint: string;
    readonly hookpointOut: string;
    readonly dModel: number;
    readonly dSae: number;
  };
  readonly tokenizer: { readonly hash: string; readonly vocabSize: number; readonly bosId: number | null };
  /** `hash` is `null` for a stream. */
  readonly corpus: { readonly name: string; readonly hash: string | null };
  readonly contextLength: number;
  /** The corpus was cut after so many tokens; `null` where it was not. */
  readonly maxTokens: number | null;
  /** Whether activations on the BOS token are in the cache. */
  readonly keepBos: boolean;
  readonly precision: Precision;
}

export interface CacheShape {
  contextLength: number;
  maxTokens: number | undefined;
  keepBos: boolean;
  precision: Precision;
}

export function cacheIdentity(
  model: SubjectModel,
  coder: SparseCoder,
  corpus: Corpus,
  { contextLength, maxTokens, keepBos, precision }: CacheShape,
): CacheIdentity {
  const { hash, vocabSize, bosId } = model.tokenizer;
  const { name, kind, hookpoint, hookpointOut, dModel, dSae } = coder;
  return {
    model: {
      name: model.name,
      hash: model.hash,
      ...(model.provider !== undefined && { provider: model.provider }),
    },
    coder: { name, kind, hash: coder.hash, hookpoint, hookpointOut, dModel, dSae },
    tokenizer: { hash, vocabSize, bosId: bosId ?? null },
    corpus: { name: corpus.name, hash: corpus.hash ?? null },
    contextLength,
    maxTokens: maxTokens ?? null,
    keepBos,
    precision,
  };
}

/** The first position of a context that is in the cache: 1 where position 0 is BOS and left out, else 0. */
export function firstPositionOf({ tokenizer, keepBos }: CacheIdentity): 0 | 1 {
  return tokenizer.bosId === null || keepBos ? 0 : 1;
}

/** SHA-256 (hex) of what decides the content: hashes and options, not names. */
export function identityHash({ model, coder, tokenizer, corpus, ...options }: CacheIdentity): string {
  const { contextLength, maxTokens, keepBos, precision } = options;
  const parts = [cacheVersion, model.hash, coder.hash, coder.hookpoint, tokenizer.hash, corpus.hash];
  return createHash("sha256")
    .update(JSON.stringify([...parts, contextLength, maxTokens, keepBos, precision]))
    .digest("hex");
}

/** `demo-layers.2-on-demo-1a2b3c4d`: readable, and different for different content. */
export function cacheName(identity: CacheIdentity): string {
  const { model, coder, corpus } = identity;
  const owner = coder.name.startsWith(model.name) ? "" : `${model.name}-`;
  const name = `${owner}${coder.name}-on-${corpus.name}`.replaceAll(/[^A-Za-z0-9._-]+/g, "-");
  return `${name.replace(/^[-.]+/, "").slice(-80)}-${identityHash(identity).slice(0, 8)}`;
}

/** Where a cache goes unless it is told: `.cache/saelab`, or the environment's `SAELAB_CACHE`. */
export function cacheDirectory(identity: CacheIdentity): string {
  return join(process.env.SAELAB_CACHE ?? join(".cache", "saelab"), cacheName(identity));
}

/** What differs between two identities: `coder, corpus`. */
export function identityDifference(found: CacheIdentity, wanted: CacheIdentity): string {
  const names = {
    model: found.model.hash !== wanted.model.hash,
    coder: found.coder.hash !== wanted.coder.hash || found.coder.hookpoint !== wanted.coder.hookpoint,
    tokenizer: found.tokenizer.hash !== wanted.tokenizer.hash,
    corpus: found.corpus.hash !== wanted.corpus.hash,
    contextLength: found.contextLength !== wanted.contextLength,
    maxTokens: found.maxTokens !== wanted.maxTokens,
    keepBos: found.keepBos !== wanted.keepBos,
    precision: found.precision !== wanted.precision,
  };
  return Object.entries(names)
    .filter(([, differs]) => differs)
    .map(([name]) => name)
    .join(", ");
}
