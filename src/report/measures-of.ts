import type { Report } from "./report.js";

/** `detection: balanced accuracy, 0.50 is chance`: what the numbers of each scorer are, scorers of one measure together. */
export function measuresOf({ rows, scorers }: Pick<Report, "rows" | "scorers">): string[] {
  const named = new Map<string, string[]>();
  for (const scorer of scorers) {
    const score = rows.map(({ scores }) => scores[scorer]).find((found) => found !== undefined);
    if (!score) continue;
    const measure = `${score.measure}, ${score.chance.toFixed(2)} is chance`;
    named.set(measure, [...(named.get(measure) ?? []), scorer]);
  }
  return [...named].map(([measure, names]) => `${names.join(", ")}: ${measure}`);
}
