/**
 * Plan before paying: what a run would ask, cost and take. The real line is run on the latents or on a seeded
 * sample of them, with a stand-in for every language model: the examples are sampled, the prompts built and
 * counted, and nothing is sent. What an explanation will say is not known yet; a typical one stands in its place.
 */
import type { LatentCache } from "../cache/latent-cache.js";
import { type Displayable, displayable } from "../display.js";
import { withoutEdits } from "../examples/sample-edited-examples.js";
import { explanationTag } from "../explain/top-activations-prompt.js";
import { type Latent, latentName } from "../latent.js";
import { modelFacts, modelFactsDate } from "../llm/model-facts.js";
import { pattern } from "../llm/pattern/pattern-model.js";
import { type RehearsedQuestion, rehearse, type StandIn } from "../llm/rehearsal.js";
import { noUsage, type TextReply } from "../llm/text-model.js";
import { type TextTokenizer, type TokenCounter, tokenCounter } from "../llm/token-counter.js";
import { callSignal, progressMeter } from "../progress.js";
import { seededRandom } from "../random.js";
import { mean } from "../stats/mean.js";
import { studentQuantile } from "../stats/student-t.js";
import { checkRun } from "./check-run.js";
import { type InterpretOptions, interpret } from "./interpret.js";
import { scoringsPerLatent } from "./null-panel.js";
import { thoughtTokens } from "./plan-back-end.js";
import { planHtml, planText } from "./plan-display.js";
import { type PlanPrice, planPrices } from "./plan-price.js";
import { type PlanStage, type StageTally, stageTally } from "./plan-stage.js";
import { type Pace, type PlanTime, planTimes } from "./plan-time.js";
import { type PlannedNullRun, plannedNullRuns, unboundScorers } from "./planned-null-runs.js";

export interface PlanOptions extends InterpretOptions {
  /** At most so many latents are sampled; the rest are taken to be like them. Default: 30. */
  sample?: number | undefined;
  /** Seed of that sample. Default: 22. */
  seed?: number | string | undefined;
  /** Counts tokens where the model cannot, e.g. a local model's. Default: an estimate from the texts' lengths. */
  tokenizer?: TextTokenizer | undefined;
  /** An explanation as long as is expected. Default: one sentence of 62 characters. */
  explanation?: string | undefined;
  /** The share of shared beginnings that a batch reads from the cache. Default: 0.6, an assumption. */
  batchHits?: number | undefined;
  /** What the service allows; see `assumedPace` for what is assumed otherwise. */
  pace?: Partial<Pace> | undefined;
}

/** What a run would ask, cost and take. Shows itself as a table in a notebook. */
export interface Plan {
  readonly latents: number;
  /** How many of them were sampled for the plan. */
  readonly sampled: number;
  /** Half of the 95 % interval of the totals, as a share of them: what the sample leaves open. `NaN` for a sample of one. */
  readonly margin: number;
  readonly stages: readonly PlanStage[];
  /** The models as given, then every model of the price table. */
  readonly prices: readonly PlanPrice[];
  /** How long each of these takes. */
  readonly times: readonly PlanTime[];
  /** How the numbers came about and what was assumed, a sentence each. */
  readonly notes: readonly string[];
}

/** Limits of a middling account and a quick model, where no others are given. Assumed, not measured. */
export const assumedPace: Pace = {
  requestsPerMinute: 4000,
  inputTokensPerMinute: 4_000_000,
  outputTokensPerMinute: 800_000,
  concurrency: 64,
  secondsPerCall: 2,
  hoursPerBatch: 1,
};

/**
 * Plans `interpret(cache, latents, options)`, from the same arguments. No prompt is sent to a language model; a model that
 * can count tokens (`count`) is asked to, which Claude does for nothing. Embedders and token scorers on a server are counted
 * and not asked; those that compute in this process are really run on the sampled latents.
 *
 * @throws {RangeError} If `sample` is not a whole number >= 1, or the run cannot be as it is asked for.
 */
export async function plan(
  cache: LatentCache,
  latents: readonly Latent[],
  options: PlanOptions,
): Promise<Plan & Displayable> {
  const { sample = 30, seed = 22, batchHits = 0.6 } = options;
  if (!Number.isInteger(sample) || sample < 1) {
    throw new RangeError(`Cannot plan from a sample of ${sample} latents: give a whole number of at least 1`);
  }
  checkRun(cache, latents, options);
  const sampled = seededRandom(seed).fork("plan").sample(latents, sample);
  const pace = { ...assumedPace, ...options.pace };
  const nullRuns = plannedNullRuns(cache, latents.length, options);
  const { stages, skipped, unread, how, margin } = await rehearseRun(cache, sampled, {
    ...options,
    scale: latents.length / Math.max(1, sampled.length),
    nullLatents: nullRuns.reduce((sum, run) => sum + run.latents, 0),
  });
  const value: Plan = {
    latents: latents.length,
    sampled: sampled.length,
    margin,
    stages,
    prices: planPrices(stages, batchHits),
    times: planTimes(stages, { pace, rounds: roundsOf(latents.length, options, nullRuns) }),
    notes: [
      ...sampleNotes(latents.length, sampled.length, { skipped, unread, margin }),
      ...nullRunNotes(nullRuns),
      ...how,
      ...numbersNotes(stages),
      `prices of ${modelFactsDate}; every model is taken to count tokens alike; ${thoughtTokens} tokens of thought per call are added for models that always think`,
      `cached: after the first, live prompts find their beginning in the cache, batched ones ${Math.round(100 * batchHits)} % of the time (assumed); models that the price table lacks cache nothing, unless they were given prices.cacheRead`,
      paceNote(pace, options.pace ?? {}),
    ],
  };
  return displayable(value, (shown) => ({
    "text/plain": planText(shown),
    "text/html": planHtml(shown).text,
  }));
}

function numbersNotes(stages: readonly PlanStage[]): string[] {
  const asked = stages.filter(({ numbers }) => numbers);
  const free = asked.filter(({ model, prices }) => !prices && !modelFacts(model)).map(({ model }) => model);
  const standIns = "embedded ones stand in where more hangs on their answers";
  return [
    ...(asked.length > 0 ? [`servers of embeddings and log-probabilities are not asked: ${standIns}`] : []),
    ...(free.length > 0
      ? [`taken to cost nothing, for want of prices: ${[...new Set(free)].join(", ")}`]
      : []),
  ];
}

/** Explanations, scores, and where nulls are judged, these; null runs are explained and scored at the end. */
function roundsOf(latents: number, { nulls }: InterpretOptions, nullRuns: readonly PlannedNullRun[]): number {
  const more = nullRuns.some((run) => run.latents > 0) ? 2 : 0;
  return (scoringsPerLatent(latents, nulls) > 1 ? 3 : 2) + more;
}

function nullRunNotes(nullRuns: readonly PlannedNullRun[]): string[] {
  const made = nullRuns.filter(({ latents }) => latents > 0);
  const total = made.reduce((sum, { latents }) => sum + latents, 0);
  const parts = made.map(({ kind, latents }) => `${kind} ${latents}`).join(", ");
  return [
    ...(total > 0 ? [`null runs: ${total} more latents (${parts}), taken to be like the others`] : []),
    ...nullRuns.flatMap(({ kind, reason }) =>
      reason === undefined ? [] : [`no null run "${kind}": ${reason}`],
    ),
  ];
}

/** Runs the line with nobody answering, and adds up what was asked. */
async function rehearseRun(
  cache: LatentCache,
  latents: readonly Latent[],
  options: PlanOptions & { scale: number; nullLatents: number },
) {
  const tallies = new Map<string, { model: RehearsedQuestion["model"]; tally: StageTally; times: number }>();
  const unread = new Set<string>();
  const characters = new Map<string, number>(latents.map((latent) => [latentName(latent), 0]));
  const timesOf = timesPerLatent(Math.round(latents.length * options.scale), options);
  const standInOf: StandInOf = (stage, latent) => async (question) => {
    const { model, request, read } = question;
    const numbers = read === undefined;
    const key = `${stage} by ${model.name}`;
    const entry = tallies.get(key) ?? {
      ...{ model, times: timesOf(stage) },
      tally: stageTally(stage, { model, numbers }),
    };
    tallies.set(key, entry);
    const reply = numbers ? "" : await placeholder({ request, read }, options.explanation);
    if (reply === undefined) unread.add(stage);
    const length = entry.tally.add(request, reply ?? "");
    if (latent) characters.set(latentName(latent), (characters.get(latentName(latent)) ?? 0) + length);
    return { text: reply ?? "", stop: "end", usage: noUsage, model: model.name } satisfies TextReply;
  };
  const skipped = await rehearseLatents(cache, latents, { ...options, standInOf });
  const counters = [...tallies.values()].map(({ model }) => tokenCounter(model, options.tokenizer));
  const stages = await Promise.all(
    [...tallies.values()].map(({ tally, times }, i) =>
      tally.total(counters[i] as TokenCounter, options.scale * times),
    ),
  );
  const how = [...new Set(counters.map((counter) => counter.how))];
  return { stages, skipped, unread, how, margin: marginOf([...characters.values()], options.scale) };
}

/** How often a stage is asked, in units of once per latent. Nulls are more of the same: they are counted, not rehearsed. */
function timesPerLatent(
  latents: number,
  { explainer, scorers, nulls, nullLatents }: PlanOptions & { nullLatents: number },
): (stage: string) => number {
  const scorings = scoringsPerLatent(latents, nulls);
  const more = latents > 0 ? nullLatents / latents : 0;
  const unbound = unboundScorers(scorers).map(({ name }) => name);
  return (stage) => {
    if (stage === explainer.name) return 1 + more;
    return unbound.includes(stage) ? scorings + more : scorings;
  };
}

type StandInOf = (stage: string, latent?: Latent) => StandIn;

/** Half of the 95 % interval of a total that was scaled from a sample, as a share of it. */
function marginOf(perLatent: readonly number[], scale: number): number {
  if (scale === 1 || perLatent.length === 0) return 0;
  const { count, mean: middle, standardError } = mean(perLatent);
  if (count === 1 || middle === 0) return Number.NaN;
  return (studentQuantile(0.975, count - 1) * standardError * Math.sqrt(1 - 1 / scale)) / middle;
}

/** @returns How many latents were skipped. */
async function rehearseLatents(
  cache: LatentCache,
  latents: readonly Latent[],
  { standInOf, ...options }: PlanOptions & { standInOf: StandInOf },
): Promise<number> {
  const { explainer, scorers } = options;
  const staged: InterpretOptions = {
    ...options,
    explainer: {
      ...explainer,
      explain: (examples, call) =>
        rehearse(standInOf(explainer.name, examples.latent), () => explainer.explain(examples, call)),
    },
    scorers: scorers.map((scorer) => ({
      ...scorer,
      score: (explanation, examples, call) =>
        rehearse(standInOf(scorer.name, examples.latent), () => scorer.score(explanation, examples, call)),
    })),
    // Random windows are as many and as long as edited ones, and run no model.
    examples: withoutEdits(options.examples ?? {}),
    directory: undefined,
    nulls: false,
    signal: callSignal(options),
    onProgress: false,
  };
  const meter = progressMeter("plan", "latents", latents.length, options.onProgress);
  let done = 0;
  let skipped = 0;
  // The outer stand-in is for whatever a run asks outside of explainers and scorers: nothing may be sent.
  await rehearse(standInOf("run"), async () => {
    for await (const { status } of interpret(cache, latents, staged)) {
      meter.report(++done);
      if (status === "skipped") skipped++;
    }
  });
  meter.end(done);
  return skipped;
}

/** As long as explanations usually are; it quotes words, since the embedded model can look for those. */
const typicalExplanation = 'Verbs that introduce quoted speech, such as "said" or "asked".';
const embedded = pattern();

/** A reply that the asker accepts: the explanation, else what the embedded model answers. */
async function placeholder(
  { request, read }: Required<Pick<RehearsedQuestion, "request" | "read">>,
  explanation = typicalExplanation,
): Promise<string | undefined> {
  const tagged = `${explanationTag} ${explanation}`;
  if (accepts(read, tagged)) return tagged;
  const { text } = await embedded.complete(request);
  return accepts(read, text) ? text : undefined;
}

function accepts(read: (text: string) => unknown, reply: string): boolean {
  try {
    read(reply);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function sampleNotes(
  latents: number,
  sampled: number,
  { skipped, unread, margin }: { skipped: number; unread: ReadonlySet<string>; margin: number },
): string[] {
  const within = Number.isNaN(margin) ? "" : `: within ${(100 * margin).toFixed(1)} % (95 %)`;
  return [
    sampled === latents
      ? "every latent was sampled"
      : `scaled from ${sampled} of ${latents} latents, drawn by seed${within}`,
    ...(skipped > 0 ? [`${skipped} of ${sampled} have too few examples and ask nothing`] : []),
    ...[...unread].map((stage) => `${stage}: what it asks after a first answer is not counted`),
  ];
}

function paceNote(pace: Pace, given: Partial<Pace>): string {
  const number = (n: number) => n.toLocaleString("en-US");
  const limits = `${number(pace.requestsPerMinute)} requests, ${number(pace.inputTokensPerMinute)} input and ${number(pace.outputTokensPerMinute)} output tokens per minute`;
  const calls = `${number(pace.concurrency)} calls of ${number(pace.secondsPerCall)} s at a time, ${number(pace.hoursPerBatch)} h per round of batches`;
  const assumed = (Object.keys(pace) as (keyof Pace)[]).filter((name) => given[name] === undefined);
  const said = assumed.length === 0 ? "as given" : `assumed: ${assumed.join(", ")}`;
  return `time at ${limits}, ${calls} (${said})`;
}
