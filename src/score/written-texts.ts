/** What a latent does on texts that were written for it. */
import type { LatentExamples } from "../examples/example.js";
import { type Latent, latentName } from "../latent.js";
import type { Failure, Outcome } from "../llm/outcome.js";
import { activationsOf, type Subject } from "../sparse/activations-of.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import type { Estimate } from "../stats/estimate.js";
import { wilson } from "../stats/wilson.js";
import { rescaled } from "./further-numbers.js";
import type { Answer, Judgement, Score } from "./scorer.js";
import { saidYes } from "./summarise.js";

export interface RunWrittenOptions {
  readonly latent: Latent;
  /** Whether the texts were meant to make the latent fire. */
  readonly meant: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs texts through the subject. The truth of each is whether the latent fires, the answer whether it was meant to.
 *
 * @throws {RangeError} If the latent is of another hookpoint than the coder.
 */
export async function runWritten(
  subject: Subject,
  texts: readonly string[],
  { latent, meant, signal }: RunWrittenOptions,
): Promise<Judgement[]> {
  if (latent.hookpoint !== subject.coder.hookpoint) {
    throw new RangeError(
      `Cannot run texts for ${latentName(latent)}: the coder "${subject.coder.name}" reads ${subject.coder.hookpoint}; give the coder of ${latent.hookpoint}`,
    );
  }
  const found = await activationsOf(subject, texts, { latents: [latent.index], signal });
  return texts.map((text, i) => {
    const activations = Array.from(found[i].activations[0]);
    return written(text, {
      truth: activations.some((a) => a > 0),
      activations,
      answer: { status: "ok", value: { yes: meant } },
    });
  });
}

function written(
  text: string,
  rest: { truth: boolean; answer: Outcome<Answer>; activations?: readonly number[] },
): Judgement {
  return { kind: "written", context: undefined, start: undefined, quantile: undefined, text, ...rest };
}

/** The largest activation in a text, 0 where the latent is silent. */
export function peakOf({ activations = [] }: Judgement): number {
  return activations.reduce((peak, a) => Math.max(peak, a), 0);
}

export interface WrittenParts extends Pick<Score, "scorer" | "model" | "usage" | "also" | "alsoIntervals"> {
  readonly examples: LatentExamples;
}

/** A score from texts that were run: the share, of those meant to fire, on which the latent does. */
export function writtenScore(judgements: readonly Judgement[], { examples, ...parts }: WrittenParts): Score {
  const meant = judgements.filter((judgement) => saidYes(judgement) === true);
  const firing = meant.filter(({ truth }) => truth).length;
  const some = meant.length > 0;
  const chances = meant.map(({ activations = [] }) => firingRate(examples.density, activations.length));
  return {
    ...parts,
    measure: "share firing",
    chance: some
      ? chances.reduce((sum, chance) => sum + chance, 0) / chances.length
      : firingRate(examples.density, examples.windowLength),
    value: some ? firing / meant.length : undefined,
    interval: some ? wilson(firing, meant.length) : undefined,
    truePositiveRate: undefined,
    trueNegativeRate: undefined,
    answered: judgements.filter(({ answer }) => answer.status === "ok").length,
    unanswered: judgements.filter(({ answer }) => answer.status !== "ok").length,
    judgements,
  };
}

/** The same where no text was written: each that was asked for is without an answer. */
export function unwrittenScore(failure: Failure, asked: number, parts: WrittenParts): Score {
  const judgements = Array.from({ length: asked }, () => written("", { truth: false, answer: failure }));
  return writtenScore(judgements, parts);
}

/**
 * AUROC of peak activations against natural texts: silent windows, and the examples' test windows weighted by how often the
 * latent fires in a window. Its interval joins Wilson's, of how many peaks are above 0, with the AUROC's, limit by limit, since
 * both err with the same peaks.
 */
export function areaAgainstNatural(
  peaks: readonly number[],
  { density, windowLength, test }: LatentExamples,
): Estimate {
  const firing = peaks.filter((peak) => peak > 0).length;
  const value = firing / peaks.length;
  const silent = rescaled({ value, interval: wilson(firing, peaks.length) }, (share) => (1 + share) / 2);
  if (test.length === 0) return silent;
  const rate = firingRate(density, windowLength);
  const loud = aurocInterval(
    peaks,
    test.map(({ peak }) => peak),
  );
  const joined = (a: number, b: number) => (1 - rate) * a + rate * b;
  return {
    value: joined(silent.value, loud.value),
    interval: [joined(silent.interval[0], loud.interval[0]), joined(silent.interval[1], loud.interval[1])],
  };
}

/** Chance that a latent fires in so many tokens, taken as independent; an upper bound where it fires in runs. */
function firingRate(density: number, tokens: number): number {
  return 1 - (1 - density) ** tokens;
}
