/** What latents that nobody trained get from the explainer and the scorers of a run. */
import type { LatentCache } from "../cache/latent-cache.js";
import { isSaelabError } from "../errors.js";
import { type NegativeKind, negativeKinds } from "../examples/negative-ladder.js";
import type { SampleExamplesOptions } from "../examples/sample-examples.js";
import { samplingPlan } from "../examples/sampling-plan.js";
import type { Latent } from "../latent.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { seededRandom } from "../random.js";
import type { InterpretOptions } from "./interpret.js";
import { interpretLatents } from "./interpret-latents.js";
import type { Interpretation } from "./interpretation.js";
import type { NullRun, NullRunKind } from "./null-run.js";
import { nullRunCache } from "./null-run-cache.js";
import { lentModel } from "./null-run-model.js";
import { type PlannedNullRun, unboundScorers } from "./planned-null-runs.js";

/** Of a random model that is not asked for by name: 2 GiB of disk for as long as it is cached. */
const modestBytes = 2 ** 31;

/**
 * Makes the null runs of `plannedNullRuns`: first their caches, then all are interpreted at the same time, since batches are
 * made of what is asked together. One that cannot be made, or for which there is no money left, says so.
 *
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop.
 */
export async function* nullRuns(
  cache: LatentCache,
  planned: readonly PlannedNullRun[],
  options: InterpretOptions,
): AsyncGenerator<NullRun, void, undefined> {
  if (planned.length === 0) return;
  const opened = await openAll(cache, planned, options);
  const total = opened.reduce((sum, one) => sum + (one.latents?.length ?? 0), 0);
  const meter = progressMeter("interpret null runs", "latents", total, options.onProgress);
  let done = 0;
  const onResult = () => meter.report(++done);
  const runs = await Promise.all(opened.map((one) => nullRun(one, { ...options, onResult })));
  if (total > 0) meter.end(done);
  yield* runs;
}

/** Latents of a null run, or why there are none. */
interface OpenedNullRun {
  readonly kind: NullRunKind;
  readonly reason?: string;
  readonly madeOf?: string;
  readonly cache?: LatentCache;
  readonly latents?: readonly Latent[];
}

async function openAll(
  cache: LatentCache,
  planned: readonly PlannedNullRun[],
  options: InterpretOptions,
): Promise<OpenedNullRun[]> {
  const model = lentModel(cache, options.nulls ? options.nulls.model : undefined);
  const opened: OpenedNullRun[] = [];
  try {
    for (const { kind, latents, reason } of planned) {
      const open = () => openNullRun(cache, { kind, latents }, { ...options, openModel: model.open });
      opened.push(reason === undefined ? { kind, ...(await orReason(open, options)) } : { kind, reason });
    }
  } finally {
    await model.close();
  }
  return opened;
}

async function openNullRun(
  cache: LatentCache,
  { kind, latents }: PlannedNullRun,
  options: InterpretOptions & { openModel: () => Promise<SubjectModel> },
): Promise<Omit<OpenedNullRun, "kind">> {
  const { nulls, examples, signal, onProgress, openModel } = options;
  const { seed = 22, model, hookpoint, runs } = nulls || {};
  const made = await nullRunCache(cache, kind, {
    ...{ openModel, seed, signal, onProgress },
    modelHash: model?.hash ?? cache.manifest.identity.model.hash,
    hookpoint: hookpoint ?? cache.hookpoint,
    maxModelBytes: runs ? Number.POSITIVE_INFINITY : modestBytes,
  });
  const sampling = unboundExamples(examples);
  return { ...made, latents: drawLatents(made.cache, latents, { seed, examples: sampling }) };
}

async function nullRun(
  { cache, latents = [], ...facts }: OpenedNullRun,
  { onResult, ...options }: InterpretOptions & { onResult: () => void },
): Promise<NullRun> {
  const results: Interpretation[] = [];
  const how = {
    ...options,
    scorers: unboundScorers(options.scorers),
    examples: unboundExamples(options.examples),
    nulls: false,
    onProgress: false,
  } as const;
  const interpretAll = async () => {
    if (!cache) return {};
    try {
      for await (const result of interpretLatents(cache, latents, how)) {
        results.push(result);
        onResult();
      }
    } finally {
      cache.close();
    }
    return {};
  };
  return { status: "null run", ...facts, results, ...(await orReason(interpretAll, options)) };
}

/** What work gives, or what was wrong with the model, the disk or the judge; anything else is a fault of ours. */
async function orReason<T>(
  work: () => Promise<T>,
  options: LongCallOptions,
): Promise<T | { reason: string }> {
  try {
    return await work();
  } catch (error) {
    callSignal(options)?.throwIfAborted();
    const names = ["FileError", "HookpointError", "ModelCallError"] as const;
    const isKnown = error instanceof RangeError || names.some((name) => isSaelabError(error, name));
    if (!isKnown) throw error;
    return { reason: (error as Error).message };
  }
}

/** The same examples but for silent windows that only the run's own coder, model or embedding can find: others stand for them. */
function unboundExamples({
  negatives,
  contrastKinds,
  ...examples
}: NonNullable<InterpretOptions["examples"]> = {}): SampleExamplesOptions {
  const { subject: _, coder: __, embedded: ___, ...free } = examples;
  return {
    ...free,
    ...(negatives && { negatives: freeKinds(negatives) }),
    ...(contrastKinds && { contrastKinds: freeKinds(contrastKinds) }),
  };
}

function freeKinds(kinds: readonly string[]): NegativeKind[] {
  const free = negativeKinds.filter((kind) => kinds.includes(kind) && !kind.endsWith("neighbour"));
  return free.length > 0 ? free : ["random"];
}

/** Latents with enough windows, of which some will be equal. */
function drawLatents(
  cache: LatentCache,
  count: number,
  { seed, examples }: { seed: number | string; examples: SampleExamplesOptions },
): Latent[] {
  const { minWindows, grid } = samplingPlan(cache, { hookpoint: cache.hookpoint, index: 0 }, examples);
  const tiles = Math.ceil((1.5 * minWindows * grid.windowLength) / 32);
  const able = cache.live().filter(({ index }) => cache.stats(index).windows >= tiles);
  if (able.length > 0) return seededRandom(seed).fork("null run").sample(able, count);
  throw new RangeError(`none of its ${cache.dSae} latents fires in ${tiles} windows; ask for fewer examples`);
}
