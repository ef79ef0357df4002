import { type Displayable, displayable } from "../display.js";
import { html } from "../html.js";
import { latentName } from "../latent.js";
import { bothRight } from "../score/agreement.js";
import type { Score } from "../score/scorer.js";
import { benjaminiHochberg } from "../stats/benjamini-hochberg.js";
import { bootstrap } from "../stats/bootstrap.js";
import type { Estimate } from "../stats/estimate.js";
import { holm } from "../stats/holm.js";
import { unpairedLift } from "../stats/lift.js";
import { mcnemarTest } from "../stats/mcnemar-test.js";
import { mean } from "../stats/mean.js";
import { pairedBootstrap } from "../stats/paired-bootstrap.js";
import { signFlipTest } from "../stats/sign-flip-test.js";
import { studentCdf } from "../stats/student-t.js";
import { textTable } from "../text-table.js";
import { plainTable } from "./plain-table.js";
import type { Report, ReportRow } from "./report.js";
import { comparedSizeLines, latentsToTell } from "./sample-size-line.js";
import { scoresOf } from "./scores-of.js";

export interface CompareRunsOptions {
  /** Latents are pairs where both runs judged the same examples, or where they have the same name. Default: `examples`. */
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
  /** Of the means, first minus second: bootstrap over pairs, or over the latents of each run. */
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
  const others = new Map(second.map((row) => [pairKey(row, pairBy), row.scores[scorer]]));
  const pairs = first.flatMap((row): [Score, Score][] => {
    const [a, b] = [row.scores[scorer], others.get(pairKey(row, pairBy))];
    return a?.value === undefined || b?.value === undefined ? [] : [[a, b]];
  });
  const paired = pairs.length >= fewestLatents;
  const [x, y] = paired
    ? [0, 1].map((side) => pairs.flatMap((pair) => pair[side]?.value ?? []))
    : [first, second].map((rows) => scoresOf({ rows }, scorer));
  if (x.length < fewestLatents || y.length < fewestLatents) return undefined;
  const differences = x.map((value, i) => value - y[i]);
  return {
    scorer,
    paired,
    latents: [x.length, y.length],
    means: [mean(x).mean, mean(y).mean],
    difference: paired ? pairedBootstrap(x, y) : unpairedDifference(x, y),
    pValue: paired ? signFlipTest(differences).pValue : welch(x, y),
    lift: unpairedLift(x, y),
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

function pairKey({ latent, examplesHash }: ReportRow, pairBy: "examples" | "latent"): string {
  return pairBy === "latent" ? latentName(latent) : `${latentName(latent)} ${examplesHash}`;
}

/** Numbers of two runs, each around its own mean. */
function pooled(...runs: readonly (readonly number[])[]): number[] {
  return runs.flatMap((numbers) => numbers.map((number) => number - mean(numbers).mean));
}

function unpairedDifference(x: readonly number[], y: readonly number[]): Estimate {
  const units = [...x.map((value) => ({ value, arm: 0 })), ...y.map((value) => ({ value, arm: 1 }))];
  const meanOf = (drawn: typeof units, arm: number) =>
    mean(drawn.filter((u) => u.arm === arm).map((u) => u.value)).mean;
  return bootstrap(units, (drawn) => meanOf([...drawn], 0) - meanOf([...drawn], 1), {
    stratum: ({ arm }) => arm,
  });
}

/** Two-sided p-value of two means of different variances (Welch 1947). */
function welch(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [mean(x), mean(y)];
  const [va, vb] = [a.standardError ** 2, b.standardError ** 2];
  if (va + vb === 0) return a.mean === b.mean ? 1 : 0;
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.count - 1) + vb ** 2 / (b.count - 1));
  return 2 * studentCdf(-Math.abs(a.mean - b.mean) / Math.sqrt(va + vb), degrees);
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
