import { type Displayable, displayable } from "../display.js";
import { html } from "../html.js";
import { latentName } from "../latent.js";
import { bothRight } from "../score/agreement.js";
import type { Score } from "../score/scorer.js";
import { benjaminiHochberg } from "../stats/benjamini-hochberg.js";
import type { Estimate } from "../stats/estimate.js";
import { holm } from "../stats/holm.js";
import { meanLift, unpairedLift } from "../stats/lift.js";
import { mcnemarTest } from "../stats/mcnemar-test.js";
import { mean } from "../stats/mean.js";
import { pairedDifference } from "../stats/paired-difference.js";
import { signFlipTest } from "../stats/sign-flip-test.js";
import { welchTest } from "../stats/welch-test.js";
import { textTable } from "../text-table.js";
import { plainTable } from "./plain-table.js";
import type { Report, ReportRow } from "./report.js";
import { comparedSizeLines, latentsToTell } from "./sample-size-line.js";
import { scoresOf } from "./scores-of.js";

export interface CompareRunsOptions {
  /**
   * Latents are pairs where both runs judged the same windows, whatever the explanations were written from, or where they have
   * the same name. Results of earlier versions do not name these windows: all their examples must be the same. Default:
   * `examples`.
   */
  pairBy?: "examples" | "latent" | undefined;
  /** How p-values are adjusted for the number of scorers. Default: `holm`. */
  adjust?: "holm" | "benjamini-hochberg" | undefined;
}

/** One scorer under two conditions. */
export interface Comparison {
  readonly scorer: string;
  /** Whether latents are pairs; else each run has latents of its own. */
  readonly paired: boolean;
  /** Latents that count, of either run. */
  readonly latents: readonly [number, number];
  readonly means: readonly [number, number];
  /** Of the means, first minus second: by Student's t of the pairs, or Welch's of the latents of each run. */
  readonly difference: Estimate;
  /** Two-sided: by sign flips of the pairs, or Welch's t. */
  readonly pValue: number;
  /** The same, adjusted over the scorers. */
  readonly adjusted: number;
  /** Of the first over the second, as a null of its own: a random coder, neurons, a random model. */
  readonly lift: Estimate | undefined;
  /**
   * Pairs, or latents of each run, with which a difference of 0.05 shows with a chance of 80 %, as much as scores differ here;
   * `undefined` where they do not.
   */
  readonly needed: number | undefined;
  /**
   * Of pairs that said yes or no to the same examples: on how many one run is right significantly more often than the other, by
   * McNemar's test with a false discovery rate of 5 % (Benjamini and Hochberg). `undefined` where there are none.
   */
  readonly differing: { readonly first: number; readonly second: number; readonly of: number } | undefined;
}

/**
 * Compares two runs scorer by scorer: two explainers or judges on the same latents (pairs), or a coder with a null of its own,
 * such as `randomCoder`, `neuronCoder` or a model of `writeRandomModel`.
 *
 * @returns One comparison per scorer that both runs have, which shows itself as a table in a notebook.
 * @throws {RangeError} If no scorer has three latents in both.
 */
export function compareRuns(
  first: Pick<Report, "rows" | "scorers">,
  second: Pick<Report, "rows" | "scorers">,
  { pairBy = "examples", adjust = "holm" }: CompareRunsOptions = {},
): readonly Comparison[] & Displayable {
  const compared = first.scorers.flatMap(
    (scorer) => compareScorer(first.rows, second.rows, { scorer, pairBy }) ?? [],
  );
  if (compared.length === 0) {
    throw new RangeError(
      `Cannot compare runs with ${list(first.scorers)} and ${list(second.scorers)}: no scorer has three latents in both; run both with the same scorers`,
    );
  }
  const pValues = compared.map(({ pValue }) => pValue);
  const adjusted = adjust === "holm" ? holm(pValues) : benjaminiHochberg(pValues);
  const comparisons = compared.map((comparison, i) => ({ ...comparison, adjusted: adjusted[i] }));
  const rows = () => comparisons.map(cells);
  const lines = () => comparedSizeLines(comparisons);
  return displayable(comparisons, () => ({
    "text/plain": [textTable([heads, ...rows()]), ...lines()].join("\n"),
    "text/html":
      html`${plainTable(heads, rows())}<p style="font-size:12px;opacity:.75">${lines().join(" · ")}</p>`.text,
  }));
}

const fewestLatents = 3;

function compareScorer(
  first: readonly ReportRow[],
  second: readonly ReportRow[],
  { scorer, pairBy }: { scorer: string; pairBy: "examples" | "latent" },
): Omit<Comparison, "adjusted"> | undefined {
  const others = new Map(
    second.flatMap((row) => pairKeys(row, pairBy).map((key) => [key, row.scores[scorer]])),
  );
  const pairs = first.flatMap((row): [Score, Score][] => {
    const key = pairKeys(row, pairBy).find((key) => others.has(key)) ?? "";
    const [a, b] = [row.scores[scorer], others.get(key)];
    return a?.value === undefined || b?.value === undefined ? [] : [[a, b]];
  });
  const paired = pairs.length >= fewestLatents;
  const [x, y] = paired
    ? [0, 1].map((side) => pairs.flatMap((pair) => pair[side]?.value ?? []))
    : [first, second].map((rows) => scoresOf({ rows }, scorer));
  if (x.length < fewestLatents || y.length < fewestLatents) return undefined;
  const differences = x.map((value, i) => value - y[i]);
  const { pValue, ...apart } = welchTest(x, y);
  return {
    scorer,
    paired,
    latents: [x.length, y.length],
    means: [mean(x).mean, mean(y).mean],
    difference: paired ? pairedDifference(x, y) : apart,
    pValue: paired ? signFlipTest(differences).pValue : pValue,
    lift: paired ? meanLift(x, y) : unpairedLift(x, y),
    needed: latentsToTell(paired ? differences : pooled(x, y), { paired }),
    differing: paired ? differingPairs(pairs) : undefined,
  };
}

function differingPairs(pairs: readonly (readonly [Score, Score])[]): Comparison["differing"] {
  const tests = pairs.flatMap(([a, b]) => {
    const both = bothRight(a, b);
    const sides = [both.map(({ one }) => one), both.map(({ other }) => other)] as const;
    return both.length === 0 ? [] : [mcnemarTest(...sides)];
  });
  if (tests.length === 0) return undefined;
  const adjusted = benjaminiHochberg(tests.map(({ pValue }) => pValue));
  const differ = tests.filter((_, i) => adjusted[i] <= 0.05);
  const first = differ.filter(({ onlyFirst, onlySecond }) => onlyFirst > onlySecond).length;
  return { first, second: differ.length - first, of: tests.length };
}

/** What a latent may be paired by, the best first. */
function pairKeys(
  { latent, examplesHash, setHashes }: ReportRow,
  pairBy: "examples" | "latent",
): readonly string[] {
  const name = latentName(latent);
  if (pairBy === "latent") return [name];
  const judged = setHashes && `${name} ${setHashes.test} ${setHashes.nonActivating}`;
  return [...(judged ? [judged] : []), `${name} ${examplesHash}`];
}

/** Numbers of two runs, each around its own mean. */
function pooled(...runs: readonly (readonly number[])[]): number[] {
  return runs.flatMap((numbers) => numbers.map((number) => number - mean(numbers).mean));
}

const heads = [
  "scorer",
  "latents",
  "first",
  "second",
  "difference",
  "p",
  "p adjusted",
  "lift over the second",
  "latents that differ",
];

function cells({
  scorer,
  paired,
  latents,
  means,
  difference,
  pValue,
  adjusted,
  lift: over,
  differing,
}: Comparison): string[] {
  const estimate = ({ value, interval: [low, high] }: Estimate) =>
    `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  return [
    scorer,
    paired ? `${latents[0]} pairs` : latents.join(" and "),
    ...means.map((value) => value.toFixed(2)),
    estimate(difference),
    pValue.toPrecision(2),
    adjusted.toPrecision(2),
    over ? estimate(over) : "–",
    differing ? `${differing.first} and ${differing.second} of ${differing.of}` : "–",
  ];
}

function list(scorers: readonly string[]): string {
  return scorers.map((scorer) => `"${scorer}"`).join(", ") || "no scorer";
}
