/**
 * Latents to interpretations: sample examples, explain, score. Runs several latents at once, yields
 * them in the order given, keeps every one on disk, asks again for what calls that failed left open
 * in a kept one, and turns a latent's failure into a value; only what makes going on pointless (a
 * wrong key, no money, a full disk) stops the run.
 */
import { pMapIterable } from "p-map";
import type { LatentCache } from "../cache/latent-cache.js";
import { isSaelabError } from "../errors.js";
import type { LatentExamples } from "../examples/example.js";
import { latentTraits, traitLabels } from "../examples/latent-traits.js";
import { sampleEditedExamples, withoutEdits } from "../examples/sample-edited-examples.js";
import { sampleExamples } from "../examples/sample-examples.js";
import type { Explanation } from "../explain/explainer.js";
import { type Latent, latentName } from "../latent.js";
import type { Outcome } from "../llm/outcome.js";
import { packageVersion } from "../package-root.js";
import { callSignal, progressMeter } from "../progress.js";
import { attempt } from "../score/attempt.js";
import { distinctScorers } from "../score/distinct-scorers.js";
import { lostJudgements } from "../score/lost-judgements.js";
import type { Score, Scorer } from "../score/scorer.js";
import { settingsOf } from "../settings.js";
import type { InterpretOptions } from "./interpret.js";
import type { Interpretation, Unscored } from "./interpretation.js";
import { isFinished } from "./is-finished.js";
import { type NullPanel, nullPanel } from "./null-panel.js";
import { failuresLine, outcomeTally } from "./outcome-counts.js";
import { openRunDirectory, type RunDirectory } from "./run-directory.js";

/** The latents of a run or of a null run, one result for each, in the order given. Throws as `interpret`. */
export async function* interpretLatents(
  cache: LatentCache,
  latents: readonly Latent[],
  options: InterpretOptions,
): AsyncGenerator<Interpretation, void, undefined> {
  const directory = options.directory ? await openRun(cache, options.directory, options) : undefined;
  const signal = callSignal(options);
  const meter = progressMeter("interpret", "latents", latents.length, options.onProgress);
  const concurrency = options.concurrency ?? 16;
  const scorers = distinctScorers(options.scorers);
  const explain = rememberedExplanations(cache, { ...options, signal }, directory);
  const panel =
    options.nulls === false ? undefined : nullPanel(latents, { ...options.nulls, scorers, explain });
  const work = async (latent: Latent): Promise<Interpretation> => {
    signal?.throwIfAborted();
    const kept = await directory?.read(latent);
    if (kept && isFinished(kept)) return kept;
    const result = await interpretOne(cache, latent, { ...options, scorers, signal, explain, panel, kept });
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
  // Null runs are runs of their own: they change nothing of the latents' results.
  const { share, seed } = nulls || {};
  const recipe = {
    ...{ saelab: packageVersion(), cache, explainer, scorers, examples: examples ?? {} },
    nulls: nulls && { share, seed },
  };
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
    if (kept?.status === "scored" && !kept.explanation.incomplete) {
      return { status: "ok", value: kept.explanation };
    }
    return explainer.explain(examples ?? sampleExamples(cache, latent, withoutEdits(sampling ?? {})), {
      signal,
    });
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
  /** What there is of the latent, where it is not finished. */
  kept: Interpretation | undefined;
}

async function interpretOne(
  cache: LatentCache,
  latent: Latent,
  { scorers, examples: sampling, signal, explain, panel, ...before }: WorkOptions,
): Promise<Interpretation> {
  const sampled = await examplesOf(cache, latent, { ...sampling, signal, onProgress: false });
  if (sampled.status !== "ok") return { ...sampled, latent };
  const examples = sampled.value;
  const explained = await attempt(() => explain(latent, examples));
  signal?.throwIfAborted();
  const outcome = explained.status === "ok" ? explained.value : explained;
  const scored = before.kept?.status === "scored" ? before.kept : undefined;
  const kept = scored?.examplesHash === examples.hash ? scored : undefined;
  if (outcome.status !== "ok") return kept ?? { ...outcome, latent };
  const explanation = outcome.value;
  const known = kept?.explanation.text === explanation.text ? kept.scores : [];
  const { scores, unscored } = await scoreAll(scorers, { explanation, examples, signal, kept: known });
  const nulls = await panel?.judge({ examples, scores, signal, kept: kept?.nulls ?? [] });
  return {
    status: "scored",
    latent,
    density: examples.density,
    maxActivation: examples.maxActivation,
    firingRate: examples.firingRate,
    labels: traitLabels(latentTraits(cache, latent.index)),
    explanation,
    scores,
    ...(unscored.length > 0 && { unscored }),
    ...(nulls && { nulls }),
    examplesHash: examples.hash,
    setHashes: examples.setHashes,
  };
}

/** The latent's examples, or why there are none: that it fires too rarely is a finding, not a fault. */
async function examplesOf(
  cache: LatentCache,
  latent: Latent,
  sampling: Parameters<typeof sampleEditedExamples>[2],
): Promise<{ status: "ok"; value: LatentExamples } | { status: "skipped"; reason: string }> {
  try {
    return { status: "ok", value: await sampleEditedExamples(cache, latent, sampling) };
  } catch (error) {
    if (!isSaelabError(error, "TooFewWindowsError")) throw error;
    return { status: "skipped", reason: error.message };
  }
}

interface ScoreTask {
  readonly explanation: Explanation;
  readonly examples: LatentExamples;
  readonly signal: AbortSignal | undefined;
  /** Scores of this explanation that there are. */
  readonly kept: readonly Score[];
}

/** Each scorer on its own: one that fails costs no other its score. */
async function scoreAll(scorers: readonly Scorer[], task: ScoreTask) {
  const tried = await Promise.all(scorers.map((scorer) => scoreOne(scorer, task)));
  task.signal?.throwIfAborted();
  return {
    scores: tried.flatMap((result) => (result.status === "ok" ? [result.value] : [])),
    unscored: tried.flatMap((result, i): Unscored[] => {
      if (result.status === "ok") return [];
      const { name, model } = scorers[i];
      return [{ scorer: name, model, reason: result.reason, ...(result.lasting && { lasting: true }) }];
    }),
  };
}

/** The kept score, unless calls for it failed and fewer do now. */
async function scoreOne(
  scorer: Scorer,
  { explanation, examples, signal, kept }: ScoreTask,
): Promise<Outcome<Score>> {
  const known = kept.find((score) => score.scorer === scorer.name);
  const lost = known ? lostJudgements(known) : Number.POSITIVE_INFINITY;
  if (known && lost === 0) return { status: "ok", value: known };
  const anew = await attempt(() => scorer.score(explanation, examples, { signal }));
  const isWorse = anew.status !== "ok" || lostJudgements(anew.value) > lost;
  return known && isWorse ? { status: "ok", value: known } : anew;
}
