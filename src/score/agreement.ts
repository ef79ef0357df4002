import type { ClassCounts } from "../stats/balanced-accuracy.js";
import { type BootstrapOptions, bootstrap } from "../stats/bootstrap.js";
import { cohenKappa } from "../stats/cohen-kappa.js";
import type { Estimate } from "../stats/estimate.js";
import { krippendorffAlpha } from "../stats/krippendorff-alpha.js";
import { roganGladen } from "../stats/rogan-gladen.js";
import { wilson } from "../stats/wilson.js";
import type { Judgement, Score } from "./scorer.js";
import { saidYes } from "./summarise.js";

/** How far two judges say the same of the same examples. */
export interface Agreement {
  /** Examples that both answered with yes or no. */
  readonly shared: number;
  /** Examples that were put before one of them alone. */
  readonly unshared: number;
  /** Share of the shared ones on which they say the same. */
  readonly same: number;
  /** Cohen's, beyond chance; `undefined` where both said one and the same throughout. */
  readonly kappa: Estimate | undefined;
  /** Krippendorff's; `undefined` likewise. */
  readonly alpha: Estimate | undefined;
}

/**
 * How far two scores of the same examples agree: a judge asked twice, with another seed or another day; two judges; a judge
 * and people. Examples are matched by place, kind and text as shown, in whatever order they were judged.
 *
 * Intervals: bootstrap over contexts, whose windows are drawn together, as many with the latent and without as there are.
 * Where they agree on all, the lower limit is by Wilson's of the share: a bootstrap would be certain.
 *
 * @param options.resamples Default: 2,000.
 * @param options.seed Of the bootstrap. Default: 22.
 * @throws {RangeError} If no example was answered by both, or none of a class of which both answered some.
 */
export function agreement(
  first: Score,
  second: Score,
  options: Pick<BootstrapOptions<unknown>, "resamples" | "seed"> = {},
): Agreement {
  const pairs = pairsOf(first, second);
  return {
    shared: pairs.length,
    unshared: unsharedCount(first, second),
    same: shareSame(pairs),
    kappa: beyondChance(pairs, kappaOf, options),
    alpha: beyondChance(pairs, alphaOf, options),
  };
}

/** An example that both answered. */
interface SharedAnswer {
  readonly one: boolean;
  readonly other: boolean;
  readonly truth: boolean;
  /** What is drawn together: its context; a text that stands in none is for itself. */
  readonly place: number | string;
}

function shareSame(pairs: readonly SharedAnswer[]): number {
  return pairs.filter(({ one, other }) => one === other).length / pairs.length;
}

function kappaOf(pairs: readonly SharedAnswer[]): number {
  return cohenKappa(
    pairs.map(({ one }) => one),
    pairs.map(({ other }) => other),
  ).value;
}

function alphaOf(pairs: readonly SharedAnswer[]): number {
  return krippendorffAlpha(pairs.map(({ one, other }) => [Number(one), Number(other)]));
}

function beyondChance(
  pairs: readonly SharedAnswer[],
  measure: (pairs: readonly SharedAnswer[]) => number,
  options: Pick<BootstrapOptions<unknown>, "resamples" | "seed">,
): Estimate | undefined {
  const value = measure(pairs);
  if (Number.isNaN(value)) return undefined;
  if (shareSame(pairs) === 1) {
    const yes = pairs.filter(({ one }) => one).length / pairs.length;
    const chance = yes ** 2 + (1 - yes) ** 2;
    const [least] = wilson(pairs.length, pairs.length);
    return { value, interval: [(least - chance) / (1 - chance), 1] };
  }
  const { interval } = bootstrap(pairs, measure, {
    ...options,
    cluster: ({ place }) => place,
    stratum: ({ truth }) => truth,
  });
  return { value, interval };
}

function unsharedCount(first: Score, second: Score): number {
  const [a, b] = [first, second].map(({ judgements }) => new Set(judgements.map(keyOf)));
  const missing = (from: ReadonlySet<string>, other: ReadonlySet<string>) =>
    [...from].filter((key) => !other.has(key)).length;
  return missing(a, b) + missing(b, a);
}

/**
 * The share of examples that hold the explanation by people's measure, from a judge who errs and people who saw some of the
 * examples: the judge's share of yes on the others, corrected by how it did where people answered (Rogan and Gladen).
 *
 * @param judge A score over all examples; `people` one over some of them.
 * @throws {RangeError} If people answered none or all, or the judge is no better than chance where they did.
 */
export function correctedByPeople(judge: Score, people: Score): Estimate {
  const pairs = pairsOf(judge, people);
  const labelled = new Set(answersOf(people).keys());
  const others = [...answersOf(judge)].filter(([key]) => !labelled.has(key)).map(([, yes]) => yes);
  const counts = (wanted: boolean): ClassCounts => {
    const ofClass = pairs.filter(({ other }) => other === wanted);
    return { right: ofClass.filter(({ one }) => one === wanted).length, answered: ofClass.length };
  };
  const answers = { right: others.filter(Boolean).length, answered: others.length };
  return roganGladen(answers, { sensitivity: counts(true), specificity: counts(false) });
}

/** Whether each of two judges was right, example by example, where both said yes or no. */
export function bothRight(first: Score, second: Score): { one: boolean; other: boolean }[] {
  return sharedAnswers(first, second).map(({ one, other, truth }) => ({
    one: one === truth,
    other: other === truth,
  }));
}

function pairsOf(first: Score, second: Score): SharedAnswer[] {
  const pairs = sharedAnswers(first, second);
  const what = `Cannot compare "${first.scorer}" by ${first.model} with "${second.scorer}" by ${second.model}`;
  if (pairs.length === 0) {
    throw new RangeError(`${what}: no example was answered with yes or no by both; score the same examples`);
  }
  const answered = ({ judgements }: Score, wanted: boolean) =>
    judgements.some((judgement) => judgement.truth === wanted && saidYes(judgement) !== undefined);
  for (const wanted of [true, false]) {
    const have = answered(first, wanted) && answered(second, wanted);
    if (!have || pairs.some(({ truth }) => truth === wanted)) continue;
    throw new RangeError(
      `${what}: of the examples in which the latent ${wanted ? "fires" : "is silent"} both answered some, but none in common; judge the same examples`,
    );
  }
  return pairs;
}

function sharedAnswers(first: Score, second: Score): SharedAnswer[] {
  const others = answersOf(second);
  const judged = new Map(first.judgements.map((judgement) => [keyOf(judgement), judgement]));
  return [...answersOf(first)].flatMap(([key, one]) => {
    const other = others.get(key);
    const { truth = false, context } = judged.get(key) ?? {};
    return other === undefined ? [] : [{ one, other, truth, place: context ?? key }];
  });
}

/** Yes and no by example. */
function answersOf({ judgements }: Score): Map<string, boolean> {
  const answers = judgements.map((judgement) => [keyOf(judgement), saidYes(judgement)] as const);
  return new Map(answers.filter((entry): entry is readonly [string, boolean] => entry[1] !== undefined));
}

function keyOf({ kind, context, start, text }: Judgement): string {
  return JSON.stringify([kind, context, start, text]);
}
