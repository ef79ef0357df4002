import type { Report } from "./report.js";

/** The values of one scorer over all rows that have one. */
export function scoresOf({ rows }: Pick<Report, "rows">, scorer: string): number[] {
  return rows.flatMap(({ scores }) => scores[scorer]?.value ?? []);
}
