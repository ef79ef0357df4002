import type { LatentCache } from "../cache/latent-cache.js";
import type { Explainer } from "../explain/explainer.js";
import type { SubjectModel } from "../model/subject-model.js";
import type { Scorer } from "../score/scorer.js";
import { type NullRunKind, nullRunKinds } from "./null-run.js";
import { knownModel } from "./null-run-model.js";

export interface NullRunOptions {
  /**
   * Null runs have 3 × share of the run's latents in all, explained and scored as these: at least 5 each, without which there
   * is no interval worth the name, and at most 20. Where that is too few for three kinds, the first are made: a run of 20
   * latents has one of 6, one of 100 three of 10. Default: 0.1.
   */
  share?: number | undefined;
  /** The kinds of null runs, each of which then has its 5 latents in any case; `false` for none. Default: see `share`. */
  runs?: readonly NullRunKind[] | false | undefined;
  /** The model that the cache was made with. Needed where the cache does not know it: if it is not of `cacheLatents`. */
  model?: SubjectModel | undefined;
  /** Where random coders and neurons are read. Default: where the run's coder reads. */
  hookpoint?: string | undefined;
}

/** A null run that is to be made, or the reason why it cannot be. */
export interface PlannedNullRun {
  readonly kind: NullRunKind;
  readonly latents: number;
  readonly reason?: string;
}

interface RunParts {
  readonly explainer: Explainer;
  readonly scorers: readonly Scorer[];
  readonly nulls?: NullRunOptions | false | undefined;
}

const fewestLatents = 5;
const mostLatents = 20;

/**
 * The null runs that go with a run over so many latents, as far as can be told before they are made. None of a run that is
 * too small for any.
 *
 * @throws {RangeError} If there is no such kind.
 */
export function plannedNullRuns(cache: LatentCache, latents: number, parts: RunParts): PlannedNullRun[] {
  const { nulls = {} } = parts;
  if (nulls === false || nulls.runs === false) return [];
  const sizes = nullRunSizes(latents, nulls);
  if (sizes.size === 0) return [];
  const kinds = nulls.runs ?? nullRunKinds;
  return kinds.map((kind) => {
    const size = sizes.get(kind);
    if (size === undefined) return { kind, latents: 0, reason: tooSmall(latents, nulls) };
    const reason = obstacle(cache, parts, nulls);
    return reason === undefined ? { kind, latents: size } : { kind, latents: 0, reason };
  });
}

/** Scorers that can judge latents of any coder. */
export function unboundScorers(scorers: readonly Scorer[]): Scorer[] {
  return scorers.filter(({ hookpoint }) => hookpoint === undefined);
}

function nullRunSizes(latents: number, { share = 0.1, runs }: NullRunOptions): Map<NullRunKind, number> {
  const unknown = runs ? runs.find((kind) => !nullRunKinds.includes(kind)) : undefined;
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot make the null run "${unknown}": choose of ${nullRunKinds.map((kind) => `"${kind}"`).join(", ")}`,
    );
  }
  const between = (n: number) => Math.min(mostLatents, Math.max(fewestLatents, Math.floor(n)));
  if (runs) return new Map(runs.map((kind) => [kind, between(share * latents)]));
  if (latents < fewestLatents) return new Map();
  const all = Math.floor(nullRunKinds.length * share * latents);
  const affordable = nullRunKinds.slice(0, Math.floor(all / fewestLatents));
  return new Map(affordable.map((kind) => [kind, between(all / affordable.length)]));
}

function tooSmall(latents: number, { share = 0.1 }: NullRunOptions): string {
  return `a share of ${share} of ${latents} latents is too small for it; raise nulls.share, or name it in nulls.runs`;
}

/** What stands in the way of all of them. */
function obstacle(
  cache: LatentCache,
  { explainer, scorers }: RunParts,
  nulls: NullRunOptions,
): string | undefined {
  if (explainer.hookpoint !== undefined) {
    return `the explainer "${explainer.name}" explains latents of one coder only`;
  }
  if (unboundScorers(scorers).length === 0) return "every scorer judges latents of one coder only";
  if (knownModel(cache, nulls.model) === undefined) {
    return `the cache does not say where its model "${cache.manifest.identity.model.name}" is; give it as nulls.model`;
  }
  return undefined;
}
