/**
 * Latents to interpretations: sample examples, explain, score. Runs several latents at once, yields
 * them in the order given, keeps every finished one on disk, and turns a latent's failure into a
 * value; only what makes going on pointless (a wrong key, no money, a full disk) stops the run.
 */
import { pMapIterable } from "p-map";
import type { LatentCache } from "../cache/latent-cache.js";
import { isSaelabError } from "../errors.js";
import type { LatentExamples } from "../examples/example.js";
import { latentTraits, traitLabels } from "../examples/latent-traits.js";
import { type SampleExamplesOptions, sampleExamples } from "../examples/sample-examples.js";
import type { Explainer, Explanation } from "../explain/explainer.js";
import { type Latent, latentName } from "../latent.js";
import type { Outcome } from "../llm/outcome.js";
import { packageVersion } from "../package-root.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import type { Scorer } from "../score/scorer.js";
import { settingsOf } from "../settings.js";
import type { Interpretation } from "./interpretation.js";
import { type NullPanel, type NullPanelOptions, nullPanel } from "./null-panel.js";
import { failuresLine, outcomeTally } from "./outcome-counts.js";
import { openRunDirectory, type RunDirectory } from "./run-directory.js";

export interface InterpretOptions extends LongCallOptions {
  explainer: Explainer;
  scorers: readonly Scorer[];
  /** How examples are drawn. Default: as in the paper. */
  examples?: SampleExamplesOptions | undefined;
  /** Where results are kept, in a folder per settings, and found again. Default: nowhere. */
  directory?: string | undefined;
  /** What scores are held against; `false` for nothing. Default: a panel that adds at most a fifth to what scoring costs. */
  nulls?: NullPanelOptions | false | undefined;
  /** How many latents are worked on at once. Default 8: enough to hide a service's latency. */
  concurrency?: number | undefined;
}

/**
 * Interprets latents one after another, as an async iterable.
 *
 * @throws {ModelCallError} With scope `stop`; what was finished is kept in `directory`.
 * @throws {FileError} If the directory cannot be written.
 */
export async function* interpret(
  cache: LatentCache,
  latents: readonly Latent[],
  options: InterpretOptions,
): AsyncGenerator<Interpretation, void, undefined> {
  const directory = options.directory ? await openRun(cache, options.directory, options) : undefined;
  const signal = callSignal(options);
  const meter = progressMeter("interpret", "latents", latents.length, options.onProgress);
  const concurrency = options.concurrency ?? 8;
  const explain = rememberedExplanations(cache, { ...options, signal }, directory);
  const panel =
    options.nulls === false
      ? undefined
      : nullPanel(latents, { ...options.nulls, scorers: options.scorers, explain });
  const work = async (latent: Latent): Promise<Interpretation> => {
    signal?.throwIfAborted();
    const kept = await directory?.read(latent);
    if (kept) return kept;
    const result = await interpretOne(cache, latent, { ...options, signal, explain, panel });
    await directory?.write(result);
    return result;
  };
  const tally = outcomeTally();
  let done = 0;
  for await (const result of pMapIterable(latents, work, { concurrency, backpressure: concurrency })) {
    tally.add(result);
    meter.report(++done, failuresLine(tally.counts));
    yield result;
  }
  meter.end(done, failuresLine(tally.counts));
}

async function openRun(
  cache: LatentCache,
  directory: string,
  { explainer, scorers, examples, nulls = {} }: InterpretOptions,
): Promise<RunDirectory> {
  const recipe = { saelab: packageVersion(), cache, explainer, scorers, examples: examples ?? {}, nulls };
  return openRunDirectory(directory, settingsOf(recipe));
}

type Explain = (latent: Latent, examples?: LatentExamples) => Promise<Outcome<Explanation>>;

/** Explains each latent once, for itself and for those that are judged with its explanation. */
function rememberedExplanations(
  cache: LatentCache,
  { explainer, examples: sampling, signal }: InterpretOptions,
  directory: RunDirectory | undefined,
): Explain {
  const known = new Map<string, Promise<Outcome<Explanation>>>();
  const explain: Explain = async (latent, examples) => {
    const kept = await directory?.read(latent);
    if (kept?.status === "scored") return { status: "ok", value: kept.explanation };
    return explainer.explain(examples ?? (await sampleExamples(cache, latent, sampling)), { signal });
  };
  return (latent, examples) => {
    const name = latentName(latent);
    const explained = known.get(name) ?? explain(latent, examples);
    known.set(name, explained);
    return explained;
  };
}

interface WorkOptions extends InterpretOptions {
  explain: Explain;
  panel: NullPanel | undefined;
}

async function interpretOne(
  cache: LatentCache,
  latent: Latent,
  { scorers, examples: sampling, signal, explain, panel }: WorkOptions,
): Promise<Interpretation> {
  try {
    const examples = await sampleExamples(cache, latent, sampling);
    const explained = await explain(latent, examples);
    if (explained.status !== "ok") return { ...explained, latent };
    const explanation = explained.value;
    const scores = await Promise.all(
      scorers.map((scorer) => scorer.score(explanation, examples, { signal })),
    );
    const nulls = await panel?.judge({ examples, scores, signal });
    return {
      status: "scored",
      latent,
      density: examples.density,
      maxActivation: examples.maxActivation,
      firingRate: firingRate(cache, latent),
      labels: traitLabels(latentTraits(cache, latent.index)),
      explanation,
      scores,
      ...(nulls && { nulls }),
      examplesHash: examples.hash,
    };
  } catch (error) {
    return failure(latent, error, signal);
  }
}

/** Share of the cache's tiles of 32 tokens in which the latent fires. */
function firingRate(cache: LatentCache, { index }: Latent): number {
  const { windows } = cache.stats(index);
  return windows / (cache.contextCount * Math.floor(cache.contextLength / 32));
}

/** A failure of this latent alone as a value; anything else is thrown again and stops the run. */
function failure(latent: Latent, error: unknown, signal: AbortSignal | undefined): Interpretation {
  signal?.throwIfAborted();
  // Too few windows: the latent cannot be sampled as asked, which is a finding, not a fault.
  if (error instanceof RangeError) return { status: "skipped", latent, reason: error.message };
  if (isSaelabError(error, "ModelCallError") && error.scope !== "stop") {
    return { status: "failed", latent, reason: `${latentName(latent)}: ${error.message}` };
  }
  throw error;
}
