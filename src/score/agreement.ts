import type { ClassCounts } from "../stats/balanced-accuracy.js";
import { cohenKappa } from "../stats/cohen-kappa.js";
import type { Estimate } from "../stats/estimate.js";
import { krippendorffAlpha } from "../stats/krippendorff-alpha.js";
import { roganGladen } from "../stats/rogan-gladen.js";
import type { Judgement, Score } from "./scorer.js";
import { saidYes } from "./summarise.js";

/** How far two judges say the same of the same examples. */
export interface Agreement {
  /** Examples that both answered with yes or no. */
  readonly shared: number;
  /** Share of these on which they say the same. */
  readonly same: number;
  /** Cohen's, beyond chance; `undefined` where both said one and the same throughout. */
  readonly kappa: Estimate | undefined;
  /** Krippendorff's; `undefined` likewise. */
  readonly alpha: number | undefined;
}

/**
 * How far two scores of the same examples agree: a judge asked twice, with another seed or another day; two judges; a judge
 * and people. Examples are matched by place, kind and text as shown, in whatever order they were judged.
 *
 * @throws {RangeError} If no example was answered by both.
 */
export function agreement(first: Score, second: Score): Agreement {
  const pairs = pairsOf(first, second);
  const [a, b] = [pairs.map(({ one }) => one), pairs.map(({ other }) => other)];
  const kappa = cohenKappa(a, b);
  const alpha = krippendorffAlpha(pairs.map(({ one, other }) => [Number(one), Number(other)]));
  return {
    shared: pairs.length,
    same: pairs.filter(({ one, other }) => one === other).length / pairs.length,
    kappa: Number.isNaN(kappa.value) ? undefined : kappa,
    alpha: Number.isNaN(alpha) ? undefined : alpha,
  };
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

function pairsOf(first: Score, second: Score): { one: boolean; other: boolean }[] {
  const pairs = sharedAnswers(first, second);
  if (pairs.length > 0) return pairs;
  throw new RangeError(
    `Cannot compare "${first.scorer}" by ${first.model} with "${second.scorer}" by ${second.model}: no example was answered with yes or no by both; score the same examples`,
  );
}

function sharedAnswers(first: Score, second: Score): { one: boolean; other: boolean; truth: boolean }[] {
  const others = answersOf(second);
  const truths = new Map(first.judgements.map((judgement) => [keyOf(judgement), judgement.truth]));
  return [...answersOf(first)].flatMap(([key, one]) => {
    const other = others.get(key);
    return other === undefined ? [] : [{ one, other, truth: truths.get(key) === true }];
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
