import { mean } from "../stats/mean.js";
import { latentsNeeded } from "../stats/sample-size.js";
import type { Comparison } from "./compare-runs.js";
import type { Report } from "./report.js";
import { scoresOf } from "./scores-of.js";

/** A difference of mean scores that people look for. */
const difference = 0.05;
const fewestLatents = 3;

/**
 * With how many latents a difference of 0.05 between two mean scores shows, with a chance of 80 %, at the 5 % level: from how
 * much the numbers of a run differ between latents.
 *
 * @param numbers The scores of one run, if each run is to have latents of its own; the differences, where they are pairs.
 * @returns Latents of each run, or pairs; `undefined` of fewer than three numbers, or where all are equal.
 */
export function latentsToTell(numbers: readonly number[], { paired = false } = {}): number | undefined {
  if (numbers.length < fewestLatents) return undefined;
  const deviation = mean(numbers).standardError * Math.sqrt(numbers.length);
  // Two runs of one deviation differ by √2 of it; differences are what they are.
  return deviation > 0
    ? latentsNeeded(difference, { sd: paired ? deviation / Math.SQRT2 : deviation })
    : undefined;
}

/** `detection 91 (71 more)`, or `detection 91 (enough)`. */
function neededText(scorer: string, { needed, has }: { needed: number; has: number }): string {
  return `${scorer} ${needed} (${needed > has ? `${needed - has} more` : "enough"})`;
}

/** One line for all scorers of a report that have scores enough. */
export function sampleSizeLines(report: Pick<Report, "rows" | "scorers">): string[] {
  const parts = report.scorers.flatMap((scorer) => {
    const scores = scoresOf(report, scorer);
    const needed = latentsToTell(scores);
    return needed === undefined ? [] : [neededText(scorer, { needed, has: scores.length })];
  });
  if (parts.length === 0) return [];
  return [
    `latents to tell a difference of ${difference} to another run (80 % power): ${parts.join(", ")}; fewer where both score the same latents`,
  ];
}

/** The same of two runs that were compared. */
export function comparedSizeLines(
  compared: readonly Pick<Comparison, "scorer" | "paired" | "latents" | "needed">[],
): string[] {
  return [true, false].flatMap((paired) => {
    const parts = compared.flatMap(({ scorer, latents, needed, ...one }) =>
      one.paired === paired && needed !== undefined
        ? [neededText(scorer, { needed, has: Math.min(...latents) })]
        : [],
    );
    const what = paired ? "pairs" : "latents of each run";
    return parts.length === 0
      ? []
      : [`${what} to tell a difference of ${difference} (80 % power): ${parts.join(", ")}`];
  });
}
