import { type NullRunKind, nullRunKinds } from "../run/null-run.js";
import { type NullKind, nullKinds } from "../run/null-scores.js";
import { benjaminiHochberg } from "../stats/benjamini-hochberg.js";
import type { Estimate } from "../stats/estimate.js";
import { meanLift, unpairedLift } from "../stats/lift.js";
import { mean } from "../stats/mean.js";
import type { Report, ReportRow } from "./report.js";
import { scoresOf } from "./scores-of.js";

/** How much of the way from a null to a perfect score the scores of a report go. */
export interface Lift {
  readonly scorer: string;
  readonly over: NullKind | NullRunKind;
  /** Latents that count: of a null of the panel, those that have both numbers. */
  readonly latents: number;
  /** Of a null run: how many latents it has. */
  readonly nullLatents?: number;
  /** Mean score of the latents, and of the null. */
  readonly score: number;
  readonly nullScore: number;
  /**
   * (score − null) / (1 − null) with its 95 % interval: over latents that have both numbers by `meanLift`, over a null run from
   * the errors of both means. Absent of fewer than three latents, from which on it holds its level, and where the null is perfect.
   */
  readonly lift: Estimate | undefined;
  /** Of `shuffled labels`: latents whose score is above it, at a false discovery rate of 5 % (Benjamini–Hochberg). */
  readonly discoveries?: number;
}

type Reported = Pick<Report, "rows" | "scorers" | "nullRuns">;

const fewestLatents = 3;

/**
 * The lift of each scorer over each null that it was held against: null runs in the order of `nullRunKinds`, then nulls in
 * the order of `nullKinds`, of which latents without one of the two numbers are left out.
 *
 * @see `interpret`, whose option `nulls` says how many latents are held against what.
 */
export function liftsOf({ rows, scorers, nullRuns }: Reported): Lift[] {
  return scorers.flatMap((scorer) => [
    ...nullRunKinds.flatMap((over) => {
      const run = nullRuns.find(({ kind }) => kind === over);
      return run ? (liftOverRun(rows, run.rows, { scorer, over }) ?? []) : [];
    }),
    ...nullKinds.flatMap((over) => {
      const pairs = rows.flatMap((row) => pairOf(row, scorer, over) ?? []);
      return pairs.length === 0 ? [] : [liftOverNull(pairs, { scorer, over })];
    }),
  ]);
}

/** What the scores of a scorer are worth. */
export interface Headline extends Lift {
  readonly lift: Estimate;
  /** The lift over the best list of tokens, where it is known. */
  readonly overUnigramRule?: Estimate;
}

/**
 * What the scores of a report are worth: of each scorer, its lift over the strongest null, which is the one with the least lift.
 * The best list of tokens is none of these: it is learnt from the latent's own examples, and is a rival of explanations, not
 * what a score would be without them. It stands beside them.
 */
export function headlinesOf(report: Reported): Headline[] {
  const known = liftsOf(report).flatMap((found) =>
    found.lift === undefined ? [] : [{ ...found, lift: found.lift }],
  );
  return report.scorers.flatMap((scorer) => {
    const own = known.filter((found) => found.scorer === scorer);
    const rule = own.find(({ over }) => over === "unigram rule");
    const [first, ...others] = own.filter((found) => found !== rule);
    if (!first) return [];
    const strongest = others.reduce((least, one) => (one.lift.value < least.lift.value ? one : least), first);
    return [{ ...strongest, ...(rule && { overUnigramRule: rule.lift }) }];
  });
}

function liftOverRun(
  rows: readonly ReportRow[],
  nullRows: readonly ReportRow[],
  names: Pick<Lift, "scorer" | "over">,
): Lift | undefined {
  const [scores, nulls] = [rows, nullRows].map((all) => scoresOf({ rows: all }, names.scorer));
  if (scores.length === 0 || nulls.length === 0) return undefined;
  const enough = Math.min(scores.length, nulls.length) >= fewestLatents;
  return {
    ...names,
    latents: scores.length,
    nullLatents: nulls.length,
    score: mean(scores).mean,
    nullScore: mean(nulls).mean,
    lift: enough ? unpairedLift(scores, nulls) : undefined,
  };
}

interface Pair {
  readonly score: number;
  readonly nullScore: number;
  readonly pValue: number | undefined;
}

function pairOf({ scores, nulls }: ReportRow, scorer: string, over: NullKind): Pair | undefined {
  const score = scores[scorer]?.value;
  const found = nulls.find((one) => one.scorer === scorer && one.kind === over);
  if (score === undefined || found?.value === undefined) return undefined;
  return { score, nullScore: found.value, pValue: found.pValue };
}

function liftOverNull(pairs: readonly Pair[], names: Pick<Lift, "scorer" | "over">): Lift {
  const scores = pairs.map(({ score }) => score);
  const nulls = pairs.map(({ nullScore }) => nullScore);
  const pValues = pairs.flatMap(({ pValue }) => pValue ?? []);
  return {
    ...names,
    latents: pairs.length,
    score: mean(scores).mean,
    nullScore: mean(nulls).mean,
    lift: pairs.length >= fewestLatents ? meanLift(scores, nulls) : undefined,
    ...(pValues.length > 0 && { discoveries: benjaminiHochberg(pValues).filter((p) => p < 0.05).length }),
  };
}
