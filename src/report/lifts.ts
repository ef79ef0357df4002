import { type NullKind, nullKinds } from "../run/null-scores.js";
import { benjaminiHochberg } from "../stats/benjamini-hochberg.js";
import type { BootstrapEstimate } from "../stats/bootstrap.js";
import { meanLift } from "../stats/lift.js";
import type { Report, ReportRow } from "./report.js";

/** How much of the way from a null to a perfect score the scores of a report go. */
export interface Lift {
  readonly scorer: string;
  readonly over: NullKind;
  /** Latents that have both. */
  readonly latents: number;
  /** Mean score of these, and of the null on them. */
  readonly score: number;
  readonly nullScore: number;
  /** (score − null) / (1 − null) with its bootstrap interval over latents; absent of fewer than three latents. */
  readonly lift: BootstrapEstimate | undefined;
  /** Of `shuffled labels`: latents whose score is above it, at a false discovery rate of 5 % (Benjamini–Hochberg). */
  readonly discoveries?: number;
}

const fewestLatents = 3;

/**
 * The lift of each scorer over each null that it was held against, nulls in the order of `nullKinds`. Latents without one of
 * the two numbers are left out.
 *
 * @see `interpret`, whose option `nulls` says how many latents are held against what.
 */
export function liftsOf({ rows, scorers }: Pick<Report, "rows" | "scorers">): Lift[] {
  return scorers.flatMap((scorer) =>
    nullKinds.flatMap((over) => {
      const pairs = rows.flatMap((row) => pairOf(row, scorer, over) ?? []);
      return pairs.length === 0 ? [] : [liftOf(pairs, { scorer, over })];
    }),
  );
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

function liftOf(pairs: readonly Pair[], names: Pick<Lift, "scorer" | "over">): Lift {
  const scores = pairs.map(({ score }) => score);
  const nulls = pairs.map(({ nullScore }) => nullScore);
  const pValues = pairs.flatMap(({ pValue }) => pValue ?? []);
  const possible = nulls.some((value) => value < 1);
  return {
    ...names,
    latents: pairs.length,
    score: meanOf(scores),
    nullScore: meanOf(nulls),
    lift: pairs.length >= fewestLatents && possible ? meanLift(scores, nulls) : undefined,
    ...(pValues.length > 0 && { discoveries: benjaminiHochberg(pValues).filter((p) => p < 0.05).length }),
  };
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
